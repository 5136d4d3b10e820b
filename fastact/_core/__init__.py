"""How a call reaches C.

`activation` has the public objects: each is the function itself, and has its other forms as attributes (`form`). A call with
contiguous ndarrays goes straight to C; `fast_path` tests whether arrays are contiguous. Any other call goes to the form's
ufunc (`ufuncs`), whose loop calls the same kernel. Functions that are not ufuncs are in `rows` (softmax), `gated` (swiglu) and
`matrix` (the gradient of a bias). `binding` makes calls whose arrays are fixed.

`byte_tables` makes the tables for 8-bit types, which are float8 and quantised integers. `exact` rounds their difficult entries.

`array_like` converts arguments to arrays, `arguments` checks arguments, `half_dtypes` handles float16 and bfloat16.
`containers`, `labels` and `blocks` convert pandas, xarray, dask and masked arrays to arrays, and results back.
`capi` is the C library, with its types and functions declared once. `result_memory` keeps the memory of large results.
Other folders use the small modules `activation_arguments`, `number_arguments`, `files`, `figures`, `optional` and `warn`.
`moved` finds modules by the names that they had before there were subpackages.
This folder imports `fastact.registry` and `fastact._build`, and nothing else of the package.
"""

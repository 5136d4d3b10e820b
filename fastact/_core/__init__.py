"""How a call reaches C.

`activation` has the public objects; each is the value and has the other forms as attributes (`form`). A call of contiguous
ndarrays goes straight to C; `fast_path` says which arrays these are. Any other call goes to the form's ufunc (`ufuncs`),
whose loop calls the same kernel. What is no ufunc has a module of its own: `rows` (softmax), `gated` (swiglu), `matrix`
(the gradient of a bias). `binding` makes calls whose arrays are fixed.

`byte_tables` has the results of 8-bit types, float8 and quantised integers, which `exact` helps to round.

`array_like` converts what stands for an array, `arguments` checks arguments, `half_dtypes` knows float16 and bfloat16.
`containers`, `labels` and `blocks` take pandas, xarray, dask and masked arrays apart and put results together again.
`capi` is the C library, with its types and functions declared once, and `result_memory` keeps the memory of large results.
Small modules serve the folders above: `activation_arguments`, `number_arguments`, `files`, `figures`, `optional`, `warn`.
`moved` finds modules by the names that they had before there were subpackages.
This folder imports `fastact.registry`, `fastact._build` and nothing else of the package.
"""

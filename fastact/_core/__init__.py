"""How a call reaches C: the activation objects, their forms and ufuncs, row functions, gated and biased forms, binding.

A call of `activation.Activation` or `form.Form` with plain arrays goes straight to the kernel (`fast_path` decides); any
other goes to the form's ufunc (`ufuncs`), whose loop calls the same kernel. Containers of other libraries (`containers`)
are taken apart first and put together afterwards. `result_memory` keeps the memory of large results for the next call.
The C library is linked into `capi`, through which the other modules call it.
This folder imports `fastact.registry`, `fastact._build` and nothing else of the package.
"""

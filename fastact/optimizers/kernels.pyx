# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The optimisers' rules over arrays, each in one pass of the C library."""
cimport numpy as cnp

from fastact._core.capi cimport *

import numpy as np

cnp.import_array()

cdef enum:
    RELEASE_GIL_FROM = 16384

SGD, ADAM, RMSPROP, ADAGRAD = FA_SGD, FA_ADAM, FA_RMSPROP, FA_ADAGRAD


cdef class Rule:
    """One step's numbers; src_c/fastact.h says what they mean. ``rule(p, g, state)`` updates p in place.

    All arrays are C-contiguous, of one size, and of float32 or float64; state is a tuple of three,
    or None in their place.
    """
    cdef fa_step_call call

    def __init__(self, int rule, double lr, double weight_decay=0, bint maximize=False, *, double shrink=1,
                 double momentum=0, double gain=1, double beta1=0, double beta2=0, double eps=0, bint nesterov=False):
        self.call.rule = <fa_rule>rule
        self.call.lr = lr
        self.call.weight_decay = weight_decay
        self.call.maximize = maximize
        self.call.shrink = shrink
        self.call.momentum = momentum
        self.call.gain = gain
        self.call.beta1 = beta1
        self.call.beta2 = beta2
        self.call.eps = eps
        self.call.nesterov = nesterov

    def __call__(self, parameter, grad, tuple state not None):
        if not run(self, [parameter], [grad], [state]):
            raise ValueError("Rule: parameter, gradient and the three parts of the state must be C-contiguous "
                             "arrays of float32 or float64, of one dtype and shape, all but the gradient writable")

    cdef void apply(self, cnp.ndarray parameter, cnp.ndarray grad, tuple state):
        cdef fa_step_call call = self.call
        cdef int k
        call.dtype = FA_FLOAT32 if cnp.PyArray_TYPE(parameter) == cnp.NPY_FLOAT else FA_FLOAT64
        call.n = cnp.PyArray_SIZE(parameter)
        call.parameter = cnp.PyArray_DATA(parameter)
        call.grad = cnp.PyArray_DATA(grad)
        for k in range(3):
            call.state[k] = NULL if state[k] is None else cnp.PyArray_DATA(<cnp.ndarray>state[k])
        if call.n >= RELEASE_GIL_FROM:
            with nogil:
                library.apply_step(&call)
        else:
            library.apply_step(&call)

    cdef bint needs(self, int k) noexcept:
        """Whether the rule reads this part of the state."""
        if k == 0:
            return self.call.rule != FA_SGD or self.call.momentum != 0
        return k == 1 and (self.call.rule == FA_ADAM or self.call.rule == FA_RMSPROP and self.call.momentum != 0)


def run(Rule rule not None, list params not None, grads, list states not None):
    """A step of all parameters; False, and nothing done, where an array is not as the rule takes it."""
    cdef Py_ssize_t i
    params, grads = list(params), list(grads)  # what is checked is what is used: others may change their lists meanwhile
    if not are_ready(rule, params, grads, states):
        return False
    for i in range(len(params)):
        rule.apply(<cnp.ndarray>params[i], <cnp.ndarray>grads[i], <tuple>states[i])
    return True


cpdef bint are_ready(Rule rule, list params, grads, list states) except -1:
    """Whether parameters, their gradients and states, which are tuples of three arrays or None, are as the rule takes them.

    Without a rule any part of a state may be None.
    """
    cdef cnp.ndarray p, g
    cdef tuple state
    cdef Py_ssize_t i
    cdef int k
    if len(grads) != len(params) or len(states) != len(params):
        return False
    for i in range(len(params)):
        grad = grads[i]
        if not is_ready(params[i]) or not cnp.PyArray_CheckExact(grad):
            return False
        p, g, state = <cnp.ndarray>params[i], <cnp.ndarray>grad, states[i]
        if not alike(g, p) or cnp.PyArray_NDIM(g) != cnp.PyArray_NDIM(p) or len(state) != 3:
            return False
        for k in range(cnp.PyArray_NDIM(p)):
            if cnp.PyArray_DIMS(g)[k] != cnp.PyArray_DIMS(p)[k]:
                return False
        for k in range(3):
            if state[k] is None:
                if rule is not None and rule.needs(k):
                    return False
            elif not cnp.PyArray_Check(state[k]) or not writable(<cnp.ndarray>state[k], p):
                return False
    return True


cdef bint alike(cnp.ndarray a, cnp.ndarray parameter) noexcept:
    """Whether the kernels can read this array beside the parameter."""
    cdef int number = cnp.PyArray_TYPE(a)
    return ((number == cnp.NPY_FLOAT or number == cnp.NPY_DOUBLE) and number == cnp.PyArray_TYPE(parameter)
            and cnp.PyArray_SIZE(a) == cnp.PyArray_SIZE(parameter) and cnp.PyArray_ISCARRAY_RO(a))


cdef bint writable(cnp.ndarray a, cnp.ndarray parameter) noexcept:
    """Whether they can also write to it."""
    return alike(a, parameter) and cnp.PyArray_ISWRITEABLE(a)


cpdef bint is_ready(array):
    """Whether an array can be handed to a rule as a parameter."""
    return cnp.PyArray_CheckExact(array) and writable(<cnp.ndarray>array, <cnp.ndarray>array)

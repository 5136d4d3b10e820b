# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The optimisers' rules over arrays, each in one pass of the C library."""
from cpython.object cimport PyObject

cimport numpy as cnp

from fastact._core.capi cimport *
from fastact._core.fast_path cimport PyThreadState, is_like, release_gil, take_gil

cnp.import_array()

include "rule_names.pxi"  # SGD = FA_SGD ..., written by setup.py


cdef class Rule:
    """One step's numbers; src_c/fastact.h says what they mean. ``rule(p, g, state)`` updates p in place.

    All arrays are C-contiguous, of one size, and of float32 or float64; state is a tuple of three,
    or None in their place.
    """
    cdef fa_step_call call

    def __init__(self, int rule, double lr, double weight_decay=0, bint maximize=False, *, double shrink=1,
                 double momentum=0, double one_minus_dampening=1, double beta1=0, double beta2=0, double eps=0, bint nesterov=False):
        self.call.rule = <fa_rule>rule
        self.call.lr = lr
        self.call.weight_decay = weight_decay
        self.call.maximize = maximize
        self.call.shrink = shrink
        self.call.momentum = momentum
        self.call.one_minus_dampening = one_minus_dampening
        self.call.beta1 = beta1
        self.call.beta2 = beta2
        self.call.eps = eps
        self.call.nesterov = nesterov

    def __call__(self, parameter, grad, tuple state not None):
        if not apply_rule(self, [parameter], [grad], [state]):
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
        cdef PyThreadState *gil = release_gil(call.n)
        library.apply_step(&call)
        take_gil(gil)

    cdef bint needs(self, int k) noexcept:
        """Whether the rule reads this part of the state."""
        if k == 0:
            return self.call.rule != FA_SGD or self.call.momentum != 0
        return k == 1 and (self.call.rule == FA_ADAM or self.call.rule == FA_RMSPROP and self.call.momentum != 0)


def apply_rule(Rule rule not None, list params not None, grads, list states not None):
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
    cdef cnp.ndarray p
    cdef tuple state
    cdef Py_ssize_t i
    cdef int k
    if len(grads) != len(params) or len(states) != len(params):
        return False
    for i in range(len(params)):
        grad = grads[i]
        if not is_ready(params[i]) or not is_like(<PyObject *>grad, <cnp.ndarray>params[i]):
            return False
        p, state = <cnp.ndarray>params[i], states[i]
        if len(state) != 3:
            return False
        for k in range(3):
            if state[k] is None:
                if rule is not None and rule.needs(k):
                    return False
            elif not cnp.PyArray_Check(state[k]) or not is_state_of(p, <cnp.ndarray>state[k]):
                return False
    return True


cpdef bint is_ready(array):
    """Whether C can update this array as a parameter."""
    cdef cnp.ndarray a
    if not cnp.PyArray_CheckExact(array):
        return False
    a = <cnp.ndarray>array
    return cnp.PyArray_ISCARRAY(a) and (cnp.PyArray_TYPE(a) == cnp.NPY_FLOAT or cnp.PyArray_TYPE(a) == cnp.NPY_DOUBLE)


cdef bint is_state_of(cnp.ndarray parameter, cnp.ndarray a) noexcept:
    return (cnp.PyArray_ISCARRAY(a) and cnp.PyArray_TYPE(a) == cnp.PyArray_TYPE(parameter)
            and cnp.PyArray_SIZE(a) == cnp.PyArray_SIZE(parameter))

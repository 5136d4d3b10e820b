"""What `recommend` knows: a row of advice for each task, kind of network, depth and symptom.

Choices stand best first. Every name is one of the library's. tests/test_recommend.py trains an `MLP` with each choice
of a row; the rows of networks that `MLP` cannot build name their sources instead.
"""
from __future__ import annotations

from typing import Callable, Mapping, NamedTuple, Optional, Tuple

from fastact.registry import Entry

# What a loss applies to the network's outputs itself, and what it takes.
LOSS_APPLIES = {
    "cross_entropy": ("softmax", "raw logits"),
    "binary_cross_entropy_with_logits": ("sigmoid", "raw logits"),
    "poisson_nll_loss": ("exponential", "logarithms of means"),
}
VERY_DEEP = 16  # hidden layers: where the authors of VGG began to say so


class Choice(NamedTuple):
    """An activation, and why."""

    activation: str
    reason: str


class Row(NamedTuple):
    """Advice on one answer to one question."""

    also: Tuple[str, ...]           # other words for it
    choices: Tuple[Choice, ...]
    remedies: Tuple[str, ...] = ()  # what helps beside the activation
    loss: str = ""                  # of a task
    # Of a network: "weak" where depth and symptom speak first, "firm" where a symptom only rules choices
    # out, "fixed" where the structure dictates the activation.
    hold: str = "weak"
    avoid: Optional[Callable[[Entry], bool]] = None  # of a symptom: what has the fault itself
    source: str = ""                # who says so, of what no test tries


def _choices(**reasons: str) -> Tuple[Choice, ...]:
    return tuple(Choice(name, reason) for name, reason in reasons.items())


TASKS: Mapping[str, Row] = {
    "regression": Row(
        ("continuous", "real", "unbounded"), loss="mse_loss", choices=_choices(
            identity="it reaches every real value, and its slope is 1 everywhere",
            softplus="if the targets are positive",
            tanh="if the targets lie in (-1, 1)"),
        remedies=("huber_loss or l1_loss where outliers should count less", "standardise the targets")),
    "binary": Row(
        ("binary_classification", "two_classes", "yes_no"), loss="binary_cross_entropy_with_logits",
        choices=_choices(
            sigmoid="one output, the probability of the positive class",
            softmax="with two outputs and cross_entropy: the same model, with twice the weights",
            log_sigmoid="if the logarithm of the probability is wanted: log(sigmoid(x)) underflows"),
        remedies=("pos_weight of the loss where positives are rare",)),
    "multilabel": Row(
        ("multilabel_classification", "multi_label", "tags"), loss="binary_cross_entropy_with_logits",
        choices=_choices(
            sigmoid="a probability for each label by itself; they need not sum to 1",
            log_sigmoid="if the logarithms of the probabilities are wanted"),
        remedies=("pos_weight of the loss where a label is rare",)),
    "multiclass": Row(
        ("classification", "multiclass_classification", "multi_class", "categorical", "single_label"),
        loss="cross_entropy", choices=_choices(
            softmax="a probability for each class; they sum to 1",
            log_softmax="if log-probabilities are wanted: log(softmax(x)) underflows",
            sparsemax="if most classes should get the probability 0 exactly",
            hardmax="if only the decision is wanted, as a one-hot row"),
        remedies=("weight of the loss where classes are of unequal size",)),
    "log_probabilities": Row(
        ("log_probability", "logprob", "logprobs"), loss="nll_loss", choices=_choices(
            log_softmax="the logarithm of softmax, without its underflow",
            log_sigmoid="the same for independent labels, with binary_cross_entropy_with_logits on its input"),
        remedies=("cross_entropy on the raw logits is log_softmax and nll_loss in one",)),
    "bounded": Row(
        ("symmetric", "minus_one_to_one"), loss="mse_loss", choices=_choices(
            tanh="its range is (-1, 1), centred on 0",
            hard_tanh="if -1 and 1 themselves must be reached",
            softsign="if values near the ends should not saturate as soon")),
    "fraction": Row(
        ("proportion", "unit_interval", "zero_to_one"), loss="binary_cross_entropy_with_logits",
        choices=_choices(
            sigmoid="its range is (0, 1); the loss accepts targets between 0 and 1",
            hard_sigmoid="if 0 and 1 themselves must be reached, with mse_loss")),
    "positive": Row(
        ("nonnegative", "scale", "variance", "duration"), loss="mse_loss", choices=_choices(
            softplus="positive, and linear for large inputs, so that gradients stay moderate",
            exponential="if effects multiply, as with a log link; a wrong large input costs dearly",
            squareplus="as softplus, without an exponential")),
    "count": Row(
        ("counts", "poisson", "rate"), loss="poisson_nll_loss", choices=_choices(
            exponential="the log link of Poisson regression: effects on a rate multiply",
            softplus="if training with exponential explodes: it is linear for large inputs; with the loss's "
                     "log_input=False",
            identity="with mse_loss, if the targets are log1p(counts)"),
        remedies=("net.predict gives means",)),
}

NETWORKS: Mapping[str, Row] = {
    "mlp": Row(
        ("dense", "feedforward", "fully_connected", "perceptron", "tabular"), choices=_choices(
            relu="cheap, and its slope is 1 for every positive input: the first to try",
            leaky_relu="if units die",
            elu="if units die, or mean activations far from 0 slow the training",
            silu="smooth: in networks with skip connections or normalisation")),
    "residual": Row(
        ("skip_connections", "skips", "normalised", "normalized", "batch_norm", "layer_norm"), hold="firm",
        choices=_choices(
            silu="smoother than relu, and a small negative output keeps units trainable; what EfficientNet uses",
            gelu="as silu; what ConvNeXt and transformers use",
            mish="as silu, at a higher cost",
            relu="if speed counts most; what ResNet uses"),
        remedies=("normalise before the activation: batch_norm=True", "skip connections around every few layers")),
    "cnn": Row(
        ("convolutional", "convnet", "vision", "resnet"), choices=_choices(
            relu="cheap, and what VGG and ResNet use: the first to try",
            leaky_relu="if units die",
            silu="smooth: with skip connections or normalisation; what EfficientNet uses",
            gelu="as silu; what ConvNeXt uses"),
        source="Simonyan and Zisserman 2015 (VGG), arXiv:1409.1556; He et al. 2016 (ResNet), arXiv:1512.03385; Tan and Le "
               "2019 (EfficientNet), arXiv:1905.11946; Liu et al. 2022 (ConvNeXt), arXiv:2201.03545"),
    "rnn": Row(
        ("recurrent", "lstm", "gru"), hold="fixed", choices=_choices(
            tanh="bounded and zero-centred, so that the state stays in range however often it is fed back",
            sigmoid="for the gates: they are fractions in (0, 1)",
            hard_tanh="instead of tanh, where every operation counts",
            hard_sigmoid="for the gates, where every operation counts"),
        remedies=("gates (LSTM, GRU), which carry the gradient over many steps",
                  "clip the gradient's norm"),
        source="Hochreiter and Schmidhuber 1997 (LSTM); Cho et al. 2014 (GRU), arXiv:1406.1078"),
    "transformer": Row(
        ("attention", "llm", "language_model", "bert", "gpt", "vit"), hold="firm", choices=_choices(
            gelu="smooth, with a small negative output; what BERT and ViT use",
            silu="in gated units (SwiGLU); what LLaMA uses",
            gelu_tanh="to run weights that were trained with it, such as GPT-2's",
            quick_gelu="to run weights that were trained with it, such as CLIP's",
            xielu="without a gate; what Apertus uses",
            relu_squared="without an exponential; what Primer found",
            star_relu="relu_squared with mean 0 and variance 1; what MetaFormers use",
            softcap="for logits, in attention and at the output, that grow too large; what Gemma 2 uses",
            relu="if speed counts most"),
        remedies=("normalise before each block (pre-norm)", "warm the learning rate up"),
        source="Devlin et al. 2019 (BERT), arXiv:1810.04805; Touvron et al. 2023 (LLaMA), arXiv:2302.13971; Radford et al. "
               "2019 (GPT-2) and 2021 (CLIP), arXiv:2103.00020; Huang and Schlag 2025 (xielu), arXiv:2411.13010; So et al. 2021 "
               "(Primer), arXiv:2109.08668; Yu et al. 2022 (MetaFormer), arXiv:2210.13452; Gemma 2, arXiv:2408.00118"),
    "audio": Row(
        ("speech", "vocoder", "codec", "periodic"), hold="firm", choices=_choices(
            snake_beta="periodic, so that it goes on beyond the training data; alpha and beta by channel, what BigVGAN uses",
            snake="the same with one parameter a channel; what DAC uses",
            leaky_relu="if speed counts most; what HiFi-GAN uses"),
        source="Ziyin et al. 2020 (snake), arXiv:2006.08195; Lee et al. 2022 (BigVGAN), arXiv:2206.04658; Kumar et al. 2023 "
               "(DAC), arXiv:2306.06546; Kong et al. 2020 (HiFi-GAN), arXiv:2010.05646"),
    "mobile": Row(
        ("embedded", "quantised", "quantized", "edge", "int8", "microcontroller"), hold="firm",
        choices=_choices(
            hard_silu="silu's shape without an exponential; what MobileNetV3 uses",
            relu6="a fixed range, [0, 6], for few bits; what MobileNetV2 uses",
            hard_sigmoid="for gates and attention: sigmoid's shape without an exponential",
            hard_tanh="where outputs of both signs are needed",
            relu="if the range can be calibrated"),
        source="Howard et al. 2019 (MobileNetV3), arXiv:1905.02244; Sandler et al. 2018 (MobileNetV2), arXiv:1801.04381"),
    "self_normalizing": Row(
        ("self_normalising", "snn"), hold="fixed", choices=_choices(
            selu="in plain dense layers its outputs are drawn towards mean 0 and variance 1",
            elu="if the layers are not plain: the proof needs dense layers without skips"),
        remedies=("standardise the inputs", "no batch normalisation, and alpha dropout for dropout")),
    "gan": Row(
        ("adversarial", "discriminator"), hold="firm", choices=_choices(
            leaky_relu="with negative_slope=0.2 in the discriminator: the generator learns through its slope",
            relu="in the generator, with tanh at its output"),
        source="Radford et al. 2016 (DCGAN), arXiv:1511.06434"),
    "smooth": Row(
        ("pinn", "physics_informed", "neural_ode", "implicit"), hold="fixed", choices=_choices(
            tanh="its derivatives of every order are continuous and bounded",
            silu="if tanh saturates",
            gelu="if tanh saturates",
            shifted_softplus="for energies of molecules, whose forces are derivatives; what SchNet uses",
            softplus="if the function should be convex in its input"),
        remedies=("scale inputs and outputs to about 1",)),
}

DEPTHS: Mapping[str, Row] = {
    "shallow": Row(("normal",), choices=()),
    "deep": Row(
        ("very_deep",), choices=_choices(
            relu="in plain networks: with He's weights signals and gradients keep their size at any depth",
            leaky_relu="as relu, and units do not die"),
        remedies=("skip connections or normalisation, which matter more than the activation "
                  "(network=\"residual\")",)),
}

SYMPTOMS: Mapping[str, Row] = {
    "dying": Row(
        ("dead", "dying_relu", "dying_units", "dead_units", "dead_relu"), avoid=lambda entry: entry.can_die,
        choices=_choices(
            leaky_relu="a slope remains on the negative side, so that a unit can come back",
            elu="as leaky_relu near 0, and mean activations are nearer 0",
            prelu="as leaky_relu, with a slope to train",
            silu="smooth, and its slope is 0 on no interval"),
        remedies=("a smaller learning rate: a large step pushes units below 0 for every sample",
                  "He initialisation, biases at 0", "normalise before the activation",
                  "net.dead_units(X) counts them")),
    "vanishing": Row(
        ("vanishing_gradient", "vanishing_gradients"), avoid=lambda entry: entry.saturates == "both",
        choices=_choices(
            relu="its slope is 1 for positive inputs; sigmoid's is 1/4 at most, and each layer multiplies by it",
            leaky_relu="as relu, with a slope on the negative side too",
            silu="as relu, and smooth"),
        remedies=("initial weights that keep the variance, as He's for relu: init=\"auto\"", "normalisation",
                  "skip connections")),
    "exploding": Row(
        ("exploding_gradient", "exploding_gradients", "diverging", "divergence"),
        avoid=lambda entry: entry.name in ("relu_squared", "star_relu", "xielu"), choices=_choices(
            relu="its slope is 1 at most: what grows is the weights, so begin with the remedies",
            relu6="if the activations themselves grow: they end at 6",
            tanh="if the activations themselves grow: they end at 1"),
        remedies=("clip the gradient's norm", "a smaller learning rate", "initial weights that keep the "
                  "variance: init=\"auto\"", "normalisation", "standardise inputs and targets")),
    "saturation": Row(
        ("saturating", "saturated"), avoid=lambda entry: entry.saturates == "both", choices=_choices(
            relu="it does not saturate for positive inputs",
            leaky_relu="it saturates nowhere",
            silu="it does not saturate for positive inputs, and it is smooth"),
        remedies=("standardise the inputs", "smaller initial weights: large ones saturate tanh and sigmoid",
                  "normalise before the activation",
                  "at the output a loss that takes logits: its gradient does not saturate")),
    "slow_training": Row(
        ("slow", "slow_convergence", "stalling", "stalls", "plateau"), choices=_choices(
            elu="mean activations near 0 bring the gradient closer to the natural one",
            leaky_relu="if speed counts: no exponential, and no unit stands still",
            silu="smooth, and near relu for large inputs"),
        avoid=lambda entry: entry.saturates == "both",
        remedies=("another learning rate, by factors of 3, both ways", "Adam", "standardise the inputs",
                  "normalisation", "see whether units die: net.dead_units(X)")),
    "bias_shift": Row(
        ("not_zero_centered", "not_zero_centred", "non_zero_centered", "non_zero_centred", "zigzag"),
        avoid=lambda entry: not entry.zero_centered, choices=_choices(
            elu="its negative outputs bring the mean near 0",
            selu="as elu, scaled to keep the variance as well",
            leaky_relu="negative outputs without an exponential, though small ones",
            tanh="symmetric about 0; it saturates at both ends"),
        remedies=("batch normalisation, which centres", "standardise the inputs")),
    "kinks": Row(
        ("non_smooth", "not_smooth", "second_derivatives"), avoid=lambda entry: bool(entry.kinks),
        choices=_choices(
            silu="smooth, and near relu for large inputs",
            gelu="smooth, and nearer to relu than silu",
            softplus="smooth and convex; its slope is sigmoid",
            tanh="smooth and bounded"),
        remedies=("second derivatives: the form second_derivative, where an activation has it",)),
    "cost": Row(
        ("slow_inference", "latency", "speed", "expensive"), avoid=lambda entry: entry.cost > 0.1,
        choices=_choices(
            relu="a single operation",
            leaky_relu="two operations, and units do not die",
            hard_silu="silu's shape without an exponential"),
        remedies=("write into an array: out=, or bind for small ones", "float32 instead of float64",
                  "python -m fastact bench shows the costs on this machine")),
    "memory": Row(
        ("out_of_memory", "oom"), avoid=lambda entry: entry.saved_for_backward == "x", choices=_choices(
            relu="backward needs only the output, so the input can be overwritten",
            leaky_relu="the same, and units do not die",
            elu="the same",
            tanh="the same, and bounded"),
        remedies=("in place: fa.relu(x, out=x), then backward_from_output(grad, x)", "smaller batches")),
    "nan": Row(
        ("nans", "infinite_loss", "loss_is_nan"), choices=_choices(
            relu="it turns no finite input into NaN, nor does any other function here: look at the remedies"),
        remedies=("give the loss raw logits, so that log(0) cannot happen", "a smaller learning rate",
                  "clip the gradient's norm", "look for NaN and infinities in the data")),
}

QUESTIONS: Mapping[str, Mapping[str, Row]] = {"task": TASKS, "network": NETWORKS, "depth": DEPTHS, "symptom": SYMPTOMS}

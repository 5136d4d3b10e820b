"""A network as an ONNX model: the values in onnxruntime, and its speed beside that of the network itself."""
import io

import fastact as fa
import numpy as np
import onnxruntime
from timing import ratio

net = fa.MLP([50, 64, 64, 6], activation="gelu", random_state=0)
file = io.BytesIO()  # or a path
net.to_onnx(file, probabilities=True, opset=20)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])

x = np.random.default_rng(0).standard_normal((1024, 50), np.float32)
(got,) = session.run(None, {"input": x})
np.testing.assert_allclose(got, net.predict_proba(x), rtol=0, atol=1e-6)
with fa.num_threads(1):
    quicker = ratio(lambda: session.run(None, {"input": x}), lambda: net.predict_proba(x))
print(f"the network itself, 1024 x 50: {quicker:.2f} times as quick as onnxruntime")

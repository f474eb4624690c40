#!/usr/bin/env python3
"""Writes a model as ONNX with random weights, layer by layer equal to the Keras script of the same name.

    make_onnx.py MODEL BATCH OUT.onnx

Prints {"input": shape, "output": shape, "macs": of one sample, "params": count}; bench/compare checks the last two
against what `sinter summary` says about its side. Input NCHW, named "input"; output [N, classes], named "output".
Batch normalizations are nodes of their own: folding them is the runtime's work.
"""
import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Builder:
    """A chain of layers: `value` is the current tensor's name and `shape` its dimensions without the batch."""

    def __init__(self, shape):
        self.nodes, self.initializers = [], []
        self.value, self.shape, self.input_shape = 'input', list(shape), list(shape)
        self.macs = self.params = 0
        self.random = np.random.default_rng(0)

    def initializer(self, array, is_parameter=True):
        name = 'w%d' % len(self.initializers)
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        self.params += array.size if is_parameter else 0
        return name

    def weight(self, shape, fan_in):
        # He's scale: activations neither vanish (denormals would falsify times) nor overflow.
        return self.initializer(self.random.standard_normal(shape, np.float32) * np.float32((2 / fan_in) ** 0.5))

    def vector(self, size, low, high):
        return self.initializer(self.random.uniform(low, high, size).astype(np.float32))

    def node(self, op, inputs=(), **attributes):
        name = 'v%d' % len(self.nodes)
        self.nodes.append(helper.make_node(op, [self.value, *inputs], [name], **attributes))
        self.value = name
        return self

    def window(self, kernel, stride, padding):
        """Pads [top, left, bottom, right]; the output's height and width."""
        height, width = self.shape[1:]
        if padding == 'same':  # Keras: the odd pixel is padded at the end
            totals = [max((-(-size // stride) - 1) * stride + kernel - size, 0) for size in (height, width)]
            pads = [totals[0] // 2, totals[1] // 2, totals[0] - totals[0] // 2, totals[1] - totals[1] // 2]
        else:
            pads = [padding] * 4
        return pads, [(size + pads[i] + pads[i + 2] - kernel) // stride + 1 for i, size in enumerate((height, width))]

    def conv(self, filters, kernel, stride=1, padding=0, bias=True, depthwise=False):
        channels = self.shape[0]
        filters = channels if depthwise else filters
        per_group = 1 if depthwise else channels
        pads, size = self.window(kernel, stride, padding)
        inputs = [self.weight((filters, per_group, kernel, kernel), per_group * kernel * kernel)]
        if bias:
            inputs.append(self.vector(filters, -0.05, 0.05))
        self.node('Conv', inputs, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=pads,
                  group=channels if depthwise else 1)
        self.shape = [filters, *size]
        self.macs += filters * size[0] * size[1] * per_group * kernel * kernel
        return self

    def batch_norm(self):
        channels = self.shape[0]
        return self.node('BatchNormalization', [self.vector(channels, 0.5, 0.9), self.vector(channels, -0.05, 0.05),
                                                self.vector(channels, -0.1, 0.1), self.vector(channels, 0.75, 1.25)],
                         epsilon=1e-3)

    def relu(self):
        return self.node('Relu')

    def relu6(self):
        return self.node('Clip', [self.initializer(np.array(limit, np.float32), False) for limit in (0, 6)])

    def max_pool(self, kernel, stride):
        pads, size = self.window(kernel, stride, 0)
        self.node('MaxPool', kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=pads)
        self.shape = [self.shape[0], *size]
        return self

    def average_pool(self):
        self.node('GlobalAveragePool')
        self.shape = [self.shape[0], 1, 1]
        return self

    def flatten(self):
        self.node('Flatten', axis=1)
        self.shape = [int(np.prod(self.shape))]
        return self

    def dense(self, units):
        self.node('Gemm', [self.weight((units, self.shape[0]), self.shape[0]), self.vector(units, -0.05, 0.05)], transB=1)
        self.macs += self.shape[0] * units
        self.shape = [units]
        return self

    def softmax(self):
        return self.node('Softmax', axis=1)

    def add(self, other):
        return self.node('Add', [other])

    def model(self, batch):
        self.nodes[-1].output[0] = 'output'
        graph = helper.make_graph(
            self.nodes, 'bench',
            [helper.make_tensor_value_info('input', TensorProto.FLOAT, [batch, *self.input_shape])],
            [helper.make_tensor_value_info('output', TensorProto.FLOAT, [batch, *self.shape])], self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)])
        model.ir_version = 7
        return model


def mnist_mlp():
    b = Builder([1, 28, 28]).flatten()
    for units in (512, 512):
        b.dense(units).relu()
    return b.dense(10).softmax()


def cifar_cnn():
    b = Builder([3, 32, 32])
    for filters in (16, 32, 64):
        b.conv(filters, 2, padding='same').relu().max_pool(2, 2)
    return b.flatten().dense(500).relu().dense(10).softmax()


def vgg_small():
    b = Builder([3, 32, 32])
    for filters in (64, 128, 256):
        for _ in range(2):
            b.conv(filters, 3, padding='same').batch_norm().relu()
        b.max_pool(2, 2)
    return b.flatten().dense(512).relu().dense(10).softmax()


def mobilenet_v1():
    b = Builder([3, 224, 224]).conv(32, 3, 2, 'same', bias=False).batch_norm().relu6()
    for filters, stride in [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]:
        b.conv(None, 3, stride, 'same', bias=False, depthwise=True).batch_norm().relu6()
        b.conv(filters, 1, bias=False).batch_norm().relu6()
    return b.average_pool().conv(1000, 1).flatten().softmax()


def resnet50():
    b = Builder([3, 224, 224]).conv(64, 7, 2, 3).batch_norm().relu().max_pool(3, 2)
    for stage, (filters, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)]):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            entry, shape = b.value, b.shape
            b.conv(filters, 1, stride).batch_norm().relu().conv(filters, 3, padding='same').batch_norm().relu()
            b.conv(4 * filters, 1).batch_norm()
            main, result = b.value, b.shape
            if block == 0:
                b.value, b.shape = entry, shape
                b.conv(4 * filters, 1, stride).batch_norm()
                entry = b.value
            b.value, b.shape = main, result
            b.add(entry).relu()
    return b.average_pool().flatten().dense(1000).softmax()


def vgg16():
    b = Builder([3, 224, 224])
    for filters, convs in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]:
        for _ in range(convs):
            b.conv(filters, 3, padding='same').relu()
        b.max_pool(2, 2)
    return b.flatten().dense(4096).relu().dense(4096).relu().dense(1000).softmax()


MODELS = {f.__name__: f for f in (mnist_mlp, cifar_cnn, vgg_small, mobilenet_v1, resnet50, vgg16)}


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in MODELS:
        sys.exit('usage: make_onnx.py MODEL BATCH OUT.onnx\nMODEL: ' + ', '.join(MODELS))
    builder, batch = MODELS[sys.argv[1]](), int(sys.argv[2])
    model = builder.model(batch)
    onnx.checker.check_model(model)
    onnx.save(model, sys.argv[3])
    print(json.dumps({'input': [batch, *builder.input_shape], 'output': [batch, *builder.shape],
                      'macs': builder.macs, 'params': builder.params}))


if __name__ == '__main__':
    main()

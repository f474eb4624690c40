#!/usr/bin/env python3
"""Fits the polynomials of math.cpp: weighted minimax by Remez exchange in 60 digits (W. J. Cody, "The Remez algorithm",
in E. W. Cheney, Introduction to Approximation Theory, ch. 3). On intervals from zero up, coefficients are rounded to f32 one at a
time from the lowest up, and the rest is fitted again, so that rounding costs little. Needs mpmath. Prints one table a function.
"""
import struct

from mpmath import mp, mpf, mpmathify, lu_solve, matrix, exp, log, tanh, erf, erfc, sqrt, cos, pi, fabs

mp.dps = 60


def to_f32(x):
    return mpmathify(struct.unpack("f", struct.pack("f", float(x)))[0])


def horner(coefficients, x):
    total = mpf(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def remez(f, weight, low, high, degree, known):
    """Coefficients of degree len(known) .. degree that minimise max |weight * (p - f)|; the known ones are fixed."""
    free = degree + 1 - len(known)
    points = [(low + high) / 2 - (high - low) / 2 * cos(pi * i / free) for i in range(free + 1)]
    grid = [low + (high - low) * i / mpf(3000) for i in range(3001)]
    targets = [f(x) for x in grid]
    weights = [weight(x) for x in grid]
    coefficients = []
    for _ in range(12):
        a = matrix(free + 1, free + 1)
        b = matrix(free + 1, 1)
        for row, x in enumerate(points):
            w = weight(x)
            for k in range(free):
                a[row, k] = w * x ** (len(known) + k)
            a[row, free] = (-1) ** row
            b[row] = w * (f(x) - horner(known, x))
        solution = lu_solve(a, b)
        coefficients = list(known) + [solution[k] for k in range(free)]
        errors = [w * (horner(coefficients, x) - t) for x, t, w in zip(grid, targets, weights)]
        extremes = []
        for x, e in zip(grid, errors):
            if extremes and (extremes[-1][1] > 0) == (e > 0):
                if fabs(e) > fabs(extremes[-1][1]):
                    extremes[-1] = (x, e)
            else:
                extremes.append((x, e))
        while len(extremes) > free + 1:  # drop the smaller end
            extremes.pop(0 if fabs(extremes[0][1]) < fabs(extremes[-1][1]) else -1)
        if len(extremes) < free + 1:
            break
        points = [x for x, _ in extremes]
        sizes = [fabs(e) for _, e in extremes]
        if max(sizes) < min(sizes) * mpf("1.001"):
            break
    return coefficients


def fit(name, f, weight, low, high, degree):
    known = []
    low, high = mpf(low), mpf(high)
    if low < 0:  # the higher powers alone are no Haar system there
        known = [to_f32(c) for c in remez(f, weight, low, high, degree, known)]
    while len(known) < degree + 1:
        coefficients = remez(f, weight, low, high, degree, known)
        known.append(to_f32(coefficients[len(known)]))
    grid = [low + (high - low) * i / mpf(2000) for i in range(2001)]
    worst = max(fabs(weight(x) * (horner(known, x) - f(x))) for x in grid)
    print(f"{name}: error {float(worst):.2e}")
    print("  " + ", ".join(f"{float(c):.9g}f" for c in known))


def away_from_zero(f, limit):
    return lambda x: limit if fabs(x) < mpf("1e-12") else f(x)


half_log_2 = log(mpf(2)) / 2 * mpf("1.0001")
# exp(r) = 1 + r + r^2 q(r)
fit("exp q(r)", away_from_zero(lambda r: (exp(r) - 1 - r) / r**2, mpf(1) / 2), lambda r: r**2 / exp(r),
    -half_log_2, half_log_2, 4)
# log(1 + f) = f - f^2 / 2 + f^3 q(f), relative to the logarithm
fit("log q(f)", away_from_zero(lambda f: (log(1 + f) - f + f**2 / 2) / f**3, mpf(1) / 3),
    away_from_zero(lambda f: f**3 / log(1 + f), mpf("1e-20")), sqrt(mpf(1) / 2) - 1, sqrt(mpf(2)) - 1, 8)
# tanh(x) = x + x^3 q(x^2) up to 0.625
fit("tanh q(s)", away_from_zero(lambda s: (tanh(sqrt(s)) / sqrt(s) - 1) / s, -mpf(1) / 3),
    away_from_zero(lambda s: s * sqrt(s) / tanh(sqrt(s)), mpf("1e-20")), 0, mpf("0.390625"), 4)
# erf(x) = x + x p(x^2) up to 0.927734375
fit("erf p(s)", away_from_zero(lambda s: erf(sqrt(s)) / sqrt(s) - 1, 2 / sqrt(pi) - 1),
    away_from_zero(lambda s: sqrt(s) / erf(sqrt(s)), sqrt(pi) / 2), 0, mpf("0.927734375") ** 2, 6)
# erf(t) = 1 - exp(-t q(t)) from there up to 4, q by the error that it leaves in erf
fit("erf q(t)", lambda t: -log(erfc(t)) / t, lambda t: t * erfc(t) / erf(t), mpf("0.927734375"), mpf("3.95"), 8)

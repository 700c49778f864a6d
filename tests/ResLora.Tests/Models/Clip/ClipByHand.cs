using ResLora.Models.Clip;

namespace ResLora.Tests.Models.Clip;

/// <summary>A text encoder number by number in float64, for texts one at a time.</summary>
internal sealed class ClipByHand
{
    private readonly ClipTextConfig _config;
    private readonly Dictionary<string, double[]> _weights;

    public ClipByHand(ClipTextModel model)
    {
        _config = model.Config;
        _weights = model.named_parameters().ToDictionary(
            p => p.name["text_model.".Length..],
            p => p.parameter.data<float>().Select(value => (double)value).ToArray(),
            StringComparer.Ordinal);
    }

    /// <summary>The numbers of a parameter, to be changed.</summary>
    /// <param name="name">Its name without the first part.</param>
    public double[] Weight(string name) => _weights[name];

    /// <summary>The hidden states [T][D] behind the last norm.</summary>
    public double[][] Hidden(IReadOnlyList<long> ids)
    {
        var d = _config.HiddenSize;
        var (tokens, positions) = (Weight("embeddings.token_embedding.weight"), Weight("embeddings.position_embedding.weight"));
        double[][] states =
        [
            .. ids.Select((id, t) => Enumerable.Range(0, d).Select(i => tokens[((int)id * d) + i] + positions[(t * d) + i]).ToArray()),
        ];
        for (var layer = 0; layer < _config.LayerCount; layer++)
        {
            var name = $"encoder.layers.{layer}.";
            states = Sum(states, Attention(Each(states, x => Norm(x, name + "layer_norm1")), name + "self_attn."));
            states = Sum(states, Each(states, x =>
            {
                var inner = Linear(Norm(x, name + "layer_norm2"), name + "mlp.fc1");
                return Linear([.. inner.Select(Activate)], name + "mlp.fc2");
            }));
        }

        return Each(states, x => Norm(x, "final_layer_norm"));
    }

    private double[][] Attention(double[][] states, string name)
    {
        var q = Each(states, x => Linear(x, name + "q_proj"));
        var k = Each(states, x => Linear(x, name + "k_proj"));
        var v = Each(states, x => Linear(x, name + "v_proj"));
        var size = _config.HiddenSize / _config.HeadCount;
        var mixed = states.Select(_ => new double[_config.HiddenSize]).ToArray();
        for (var head = 0; head < _config.HeadCount; head++)
        {
            var own = Enumerable.Range(head * size, size).ToArray();
            for (var t = 0; t < states.Length; t++)
            {
                var scores = Enumerable.Range(0, t + 1).Select(s => Math.Exp(own.Sum(i => q[t][i] * k[s][i]) / Math.Sqrt(size))).ToArray();
                foreach (var i in own)
                {
                    mixed[t][i] = scores.Select((score, s) => score * v[s][i]).Sum() / scores.Sum();
                }
            }
        }

        return Each(mixed, x => Linear(x, name + "out_proj"));
    }

    private double Activate(double x) => _config.Activation == "quick_gelu" ? x / (1 + Math.Exp(-1.702 * x)) : x * Normal(x);

    // Φ(x) by its series: a sum of x^(2n+1) / (1 · 3 · … · (2n+1)), times the density.
    private static double Normal(double x)
    {
        var (term, sum) = (x, x);
        for (var n = 1; n < 100; n++)
        {
            term *= x * x / ((2 * n) + 1);
            sum += term;
        }

        return 0.5 + (sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI));
    }

    private double[] Norm(double[] x, string name)
    {
        var mean = x.Average();
        var deviation = Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + _config.NormEpsilon);
        return [.. x.Select((value, i) => ((value - mean) / deviation * _weights[name + ".weight"][i]) + _weights[name + ".bias"][i])];
    }

    private double[] Linear(double[] x, string name)
    {
        var (weight, bias) = (_weights[name + ".weight"], _weights[name + ".bias"]);
        return [.. bias.Select((value, row) => value + x.Select((input, i) => input * weight[(row * x.Length) + i]).Sum())];
    }

    private static double[][] Each(double[][] states, Func<double[], double[]> change) => [.. states.Select(change)];

    private static double[][] Sum(double[][] a, double[][] b) => [.. a.Zip(b, (x, y) => x.Zip(y, (one, other) => one + other).ToArray())];
}

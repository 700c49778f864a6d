using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification;

/// <summary>Holds computed quantities against expected.safetensors.</summary>
internal static class Comparison
{
    /// <summary>Compares every expected tensor but those that are left out; what was not computed fails.</summary>
    public static CaseReport Compare(
        string name,
        string kind,
        string folder,
        IReadOnlyDictionary<string, Tensor> got,
        Func<string, double> tolerance,
        Func<string, bool>? isLeftOut = null)
    {
        using var expected = SafetensorsReader.Open(Path.Combine(folder, "expected.safetensors"));
        var quantities = new List<Quantity>();
        foreach (var quantity in expected.Entries.Keys.Where(key => isLeftOut?.Invoke(key) != true).Order(StringComparer.Ordinal))
        {
            using var wanted = expected.Read(quantity);
            var difference = got.TryGetValue(quantity, out var value) ? Difference(value, wanted) : double.PositiveInfinity;
            quantities.Add(new Quantity(quantity, difference, tolerance(quantity)));
        }

        var status = quantities.Count > 0 && quantities.All(q => q.Passed) ? CaseStatus.Passed : CaseStatus.Failed;
        return new CaseReport(name, kind, status, quantities, quantities.Count == 0 ? "nothing to compare" : null);
    }

    /// <summary>max |got − expected| / max |expected| in float64; infinite when the shapes differ.</summary>
    private static double Difference(Tensor got, Tensor expected)
    {
        if (!got.shape.SequenceEqual(expected.shape))
        {
            return double.PositiveInfinity;
        }

        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var wanted = expected.to(float64);
        var distance = (got.to(float64) - wanted).abs().max().item<double>();
        var scale = wanted.abs().max().item<double>();
        return scale == 0 ? distance : distance / scale;
    }
}

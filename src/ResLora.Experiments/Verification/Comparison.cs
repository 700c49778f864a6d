using ResLora.Formats.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification;

/// <summary>Holds computed quantities against expected.safetensors.</summary>
internal static class Comparison
{
    /// <summary>Compares every expected tensor; what was not computed fails, unless it is of a kind not supported yet.</summary>
    public static CaseReport Compare(string name, string kind, string folder, IReadOnlyDictionary<string, Tensor> got, Func<string, double> tolerance, Func<string, bool> unsupported)
    {
        using var expected = SafetensorsReader.Open(Path.Combine(folder, "expected.safetensors"));
        var quantities = new List<Quantity>();
        var skipped = new List<string>();
        foreach (var quantity in expected.Entries.Keys.Order(StringComparer.Ordinal))
        {
            if (!got.TryGetValue(quantity, out var value) && unsupported(quantity))
            {
                skipped.Add(quantity);
                continue;
            }

            using var wanted = expected.Read(quantity);
            quantities.Add(new Quantity(quantity, value is null ? double.PositiveInfinity : Difference(value, wanted), tolerance(quantity)));
        }

        var status = quantities.Count > 0 && quantities.All(q => q.Passed) ? CaseStatus.Passed : CaseStatus.Failed;
        return new CaseReport(name, kind, status, quantities, skipped, quantities.Count == 0 ? "nothing to compare" : null);
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

using ResLora.Benchmarks.Reporting;
using ResLora.Benchmarks.Subjects;
using ResLora.Cli;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Verbs;

/// <summary>The ceiling of this machine for the products that training is made of.</summary>
internal static class GemmVerb
{
    /// <summary>Makes the verb.</summary>
    public static Verb Create()
    {
        var stack = new StackOptions(StackShape.TinyLlama);
        var tokens = Numbers.Count("--tokens", "Rows of x: B · T.", 512);
        return BenchmarkVerb.Create(
            "gemm",
            "How fast does libtorch multiply the frozen matrices of a layer, by type and direction?",
            BenchmarkVerb.UsualRounds,
            [.. stack.All, tokens],
            (line, harness) =>
            {
                var shape = stack.Read(line);
                var rows = line.GetValue(tokens);
                var cases = GemmCase.Of(new FrozenProducts(shape.Config()), rows, ScalarType.Float32, ScalarType.BFloat16);
                try
                {
                    var times = harness.Measure([.. cases.Select(c => c.Contender)]);
                    return new Findings(new ReportTable("products", [.. cases.Select(c => c.Row(times[c.Name]))]))
                    {
                        Settings = new Dictionary<string, object>(shape.Settings().Append(new("tokens", rows))),
                        Ratios =
                        [
                            .. from wide in cases.Where(c => c.DataType == ScalarType.Float32)
                               let narrow = cases.First(c => c.DataType == ScalarType.BFloat16 && c.Shape == wide.Shape)
                               select new Ratio(wide.Name, narrow.Name, Figure.Milliseconds, times[wide.Name].Over(times[narrow.Name])),
                        ],
                    };
                }
                finally
                {
                    foreach (var product in cases)
                    {
                        product.Dispose();
                    }
                }
            });
    }
}

using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;

namespace ResLora.Experiments.Verification.Statistics;

/// <summary>
/// Figures of given numbers: <c>statistics.json</c> has entries by their kind (<c>paired</c>, or <c>paired_ties</c>), each with its input
/// and what is expected.
/// </summary>
internal static class StatisticsCase
{
    private const string FileName = "statistics.json";

    private static readonly Dictionary<string, Func<StatisticsEntry, IReadOnlyDictionary<string, Func<double[]>>>> _kinds = new()
    {
        ["paired"] = TestFigures.OfPaired,
        ["mcnemar"] = TestFigures.OfMcNemar,
        ["proportion"] = TestFigures.OfProportion,
        ["holm"] = TestFigures.OfFamily,
        ["bootstrap"] = TestFigures.OfBootstrap,
        ["correlation"] = ScoreFigures.OfCorrelation,
        ["labels"] = ScoreFigures.OfLabels,
        ["binary"] = ScoreFigures.OfBinary,
        ["frechet"] = ScoreFigures.OfFrechet,
    };

    public static CaseReport Run(string name, string folder)
    {
        var tolerances = CheckedJson.Deserialize<CaseTolerances>(Path.Combine(folder, "case.json"), JsonSerializerOptions.Web).Tolerance
            ?? throw new ConfigException("case.json: there is no 'tolerance'");
        var path = Path.Combine(folder, FileName);
        var file = CheckedJson.DeserializePython<JsonElement>(path, _ => { });
        if (file.ValueKind != JsonValueKind.Object)
        {
            throw new FileFormatException($"'{path}' holds no entries.");
        }

        var quantities = new List<Quantity>();
        var failures = new List<string>();
        foreach (var property in file.EnumerateObject())
        {
            var kind = KindOf(property.Name);
            var isList = property.Value.ValueKind == JsonValueKind.Array;
            JsonElement[] entries = isList ? [.. property.Value.EnumerateArray()] : [property.Value];
            for (var i = 0; i < entries.Length; i++)
            {
                var entry = new StatisticsEntry(isList ? $"{property.Name}[{i}]" : property.Name, kind, entries[i]);
                Compare(entry, _kinds[kind](entry), tolerances, quantities, failures);
            }
        }

        return CaseReport.Of(name, StatisticsCases.Kind, quantities, failures);
    }

    private static string KindOf(string name) =>
        _kinds.Keys.FirstOrDefault(kind => name == kind || name.StartsWith(kind + "_", StringComparison.Ordinal))
            ?? throw new ConfigException($"entries of kind '{name}' are not supported yet ({string.Join(", ", _kinds.Keys)} are)");

    private static void Compare(
        StatisticsEntry entry,
        IReadOnlyDictionary<string, Func<double[]>> figures,
        IReadOnlyDictionary<string, double> tolerances,
        List<Quantity> quantities,
        List<string> failures)
    {
        foreach (var key in entry.Expected())
        {
            var figure = figures.GetValueOrDefault(key) ?? throw new ConfigException($"the key '{entry.Name}.{key}' is not supported");
            var (difference, failure) = entry.Difference(key, figure);
            quantities.Add(new Quantity($"{entry.Name}.{key}", difference, entry.Tolerance(key, tolerances)));
            if (failure is not null)
            {
                failures.Add($"{entry.Name}.{key}: {failure}");
            }
        }
    }

    private sealed record CaseTolerances(Dictionary<string, double>? Tolerance);
}

using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Benchmarks.Measuring;
using ResLora.Cli;

namespace ResLora.Benchmarks.Reporting;

/// <summary>A whole run of a benchmark, as it is written down.</summary>
/// <param name="Benchmark">The verb.</param>
/// <param name="Question">What it answers.</param>
/// <param name="Started">When.</param>
/// <param name="Machine">Where.</param>
/// <param name="Rounds">The rounds that count.</param>
/// <param name="Findings">The results.</param>
internal sealed record BenchmarkReport(string Benchmark, string Question, DateTime Started, Machine Machine, int Rounds, Findings Findings)
{
    /// <summary>The JSON document: every number with its median, quartiles, extremes and rounds.</summary>
    public JsonObject ToJson() => new()
    {
        ["benchmark"] = Benchmark,
        ["question"] = Question,
        ["startedUtc"] = Started.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
        ["machine"] = JsonSerializer.SerializeToNode(Machine, CommandContext.Json),
        ["rounds"] = Rounds,
        ["warmUpRounds"] = Findings.WarmUpRounds,
        ["settings"] = JsonSerializer.SerializeToNode(Findings.Settings, CommandContext.Json),
        ["tables"] = new JsonObject(Findings.Tables.Select(table => KeyValuePair.Create<string, JsonNode?>(table.Name, Json(table.Rows)))),
        ["ratios"] = new JsonArray([.. Findings.Ratios.Select(ratio => new JsonObject
        {
            ["of"] = ratio.Of,
            ["over"] = ratio.Over,
            ["figure"] = ratio.Figure.Key,
            ["value"] = Json(ratio.Value),
        })]),
        ["notes"] = JsonSerializer.SerializeToNode(Findings.Notes, CommandContext.Json),
    };

    /// <summary>The document as text, for <c>--output</c>.</summary>
    public string ToText() => JsonSerializer.Serialize(ToJson(), CommandContext.Json) + "\n";

    private static JsonArray Json(IReadOnlyList<ReportRow> rows) => new([.. rows.Select(row =>
    {
        var json = new JsonObject { ["case"] = row.Name };
        foreach (var (figure, value) in row.Measures)
        {
            json[figure.Key] = Json(value);
        }

        return json;
    })]);

    private static JsonObject Json(Spread spread) => new()
    {
        ["median"] = spread.Median,
        ["lowerQuartile"] = spread.LowerQuartile,
        ["upperQuartile"] = spread.UpperQuartile,
        ["minimum"] = spread.Minimum,
        ["maximum"] = spread.Maximum,
        ["rounds"] = new JsonArray([.. spread.Values.Select(value => JsonValue.Create(value))]),
    };
}

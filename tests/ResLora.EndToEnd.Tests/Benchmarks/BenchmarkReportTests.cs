using System.Text.Json;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;
using ResLora.Cli;
using Xunit;

namespace ResLora.EndToEnd.Tests.Benchmarks;

public sealed class BenchmarkReportTests
{
    private static readonly string[] _spread = ["median", "lowerQuartile", "upperQuartile", "minimum", "maximum"];
    private static readonly BenchmarkReport _report = new(
        "step",
        "How long?",
        new DateTime(2025, 2, 1, 3, 4, 5, DateTimeKind.Utc),
        new Machine
        {
            Processor = "a processor",
            Cores = 2,
            Instructions = ["avx512_bf16"],
            MemoryBytes = 1000,
            OperatingSystem = "a system",
            Runtime = "a runtime",
            IsOptimized = true,
        },
        Rounds: 3,
        new Findings(
            new ReportTable(
                "steps",
                [new ReportRow(
                    "fast",
                    new Measure(Figure.Milliseconds, new Spread([3, 1, 2]))), new ReportRow(
                        "slow", new Measure(Figure.Milliseconds, new Spread([6, 2, 4])))]))
        {
            Settings = new Dictionary<string, object> { ["layers"] = 4, ["variant"] = "x" },
            Ratios = [new Ratio("slow", "fast", Figure.Milliseconds, new Spread([2, 2, 2]))],
            Notes = ["A note."],
        });

    [Fact]
    public void Json_OfAReport_HoldsEveryNumberWithItsSpreadAndTheMachine()
    {
        var json = JsonSerializer.Deserialize<JsonElement>(_report.ToText());

        var slow = json.GetProperty("tables").GetProperty("steps")[1];
        var time = slow.GetProperty("milliseconds");
        var ratio = json.GetProperty("ratios")[0];
        Assert.Equal("slow", slow.GetProperty("case").GetString());
        Assert.Equal([4.0, 3.0, 5.0, 2.0, 6.0], _spread.Select(name => time.GetProperty(name).GetDouble()));
        Assert.Equal([6.0, 2.0, 4.0], time.GetProperty("rounds").EnumerateArray().Select(value => value.GetDouble()));
        Assert.Equal(
            ("slow", "fast", 2.0),
            (
                ratio.GetProperty("of").GetString()!,
                ratio.GetProperty("over").GetString()!,
                ratio.GetProperty("value").GetProperty("median").GetDouble()));
        Assert.Equal(
            ("a processor", "avx512_bf16"),
            (
                json.GetProperty("machine").GetProperty("processor").GetString()!,
                json.GetProperty("machine").GetProperty("instructions")[0].GetString()!));
        Assert.Equal(
            (3, 1, 4),
            (
                json.GetProperty("rounds").GetInt32(),
                json.GetProperty("warmUpRounds").GetInt32(),
                json.GetProperty("settings").GetProperty("layers").GetInt32()));
        Assert.Equal("2025-02-01T03:04:05Z", json.GetProperty("startedUtc").GetString());
        Assert.Equal("A note.", json.GetProperty("notes")[0].GetString());
    }

    [Fact]
    public void Draw_OfAReport_ShowsMediansSpreadAndRatios()
    {
        using var output = new StringWriter();

        ReportView.Draw(_report, CommandStreams.Over(output, isRedirected: true));

        var lines = output.ToString().Split('\n').Select(
            line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).ToArray();
        Assert.Contains("slow 4.00 3.00 to 5.00", lines);
        Assert.Contains("slow / fast ms 2.000 2.000 to 2.000", lines);
        Assert.Contains("A note.", lines);
    }
}

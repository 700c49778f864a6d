using System.Diagnostics;
using ResLora.EndToEnd.Tests.Support;
using ResLora.Tests.Hub;
using Xunit;

namespace ResLora.EndToEnd.Tests.Hub;

/// <summary>The tool with a hub on this machine.</summary>
public sealed class PullTests : IDisposable
{
    private readonly HubServer _server = new();
    private readonly TemporaryFolder _folder = new();

    public PullTests()
    {
        _server.Add("org/base").WithFolder(Repository.SampleModel);
        _server.Add("org/rows", "datasets").With(
            "heldout.jsonl", File.ReadAllBytes(Path.Combine(Repository.Root, "samples", "word-problems", "data", "heldout.jsonl")));
    }

    [Fact]
    public void Pull_ThenOffLine_PlansAndEvaluatesWithoutARequest()
    {
        var pulled = Run("pull", "org/base", "--json").Expect(0);
        Run("pull", "org/rows", "--data").Expect(0);
        var before = _server.Requests.Count;

        var plan = Run("plan", "--offline", "--json", "--model", "hub:org/base", "--data", "hub:org/rows/heldout.jsonl").Expect(0);
        var evaluation = Run(
            "evaluate", "--offline", "--json", "--model", "hub:org/base", "--task", "word-problems", "--data", "hub:org/rows/heldout.jsonl",
            "--limit", "4", "--max-new-tokens", "8").Expect(0);
        var inspection = Run([("HF_HUB_OFFLINE", "1")], "inspect", "hub:org/base", "--json").Expect(0);

        Assert.Equal(before, _server.Requests.Count);
        Assert.Equal($"hub:org/base@{new string('c', 40)}", pulled.Json.GetProperty("name").GetString());
        Assert.Equal(pulled.Json.GetProperty("name").GetString(), plan.Json.GetProperty("model").GetString());
        Assert.InRange(evaluation.Json.GetProperty("loss").GetDouble(), 0.1, 5);
        Assert.Contains("llama", inspection.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Plan_OfWhatWasNeverPulled_DownloadsIt()
    {
        var plan = Run("plan", "--json", "--model", "hub:org/base", "--data", "hub:org/rows/heldout.jsonl").Expect(0);

        Assert.Equal($"hub:org/base@{new string('c', 40)}", plan.Json.GetProperty("model").GetString());
        Assert.Contains(_server.Requests, request => request.IsContents);
    }

    [Fact]
    public void Evaluate_OffLineWithoutTheModel_SaysWhatToPull()
    {
        var result = Run("evaluate", "--offline", "--model", "hub:org/base", "--task", "word-problems", "--data", "none.jsonl").Expect(2);

        Assert.Contains("reslora pull org/base", result.Error, StringComparison.Ordinal);
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public void Pull_ARepositoryThatIsNotThere_IsBadInput()
    {
        var result = Run("pull", "org/nothing", "--json").Expect(2);

        Assert.Contains("There is no model 'org/nothing'", result.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_WithoutAHub_Fails()
    {
        var result = Run([("HF_ENDPOINT", "http://127.0.0.1:1")], "pull", "org/base").Expect(1);

        Assert.Contains("cannot be reached", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM", 130)]
    [InlineData("KILL", null)]
    public void Pull_Ended_GoesOnFromWhatCame(string signal, int? exitCode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals by name are those of Unix");
        const int came = 2_000_000;
        var weights = _server.Repositories[0]["model.safetensors"];
        _server.Instead = async context =>
        {
            if (!context.Request.Path.StartsWithSegments("/contents", StringComparison.Ordinal))
            {
                return false;
            }

            context.Response.ContentLength = weights.Length;
            await context.Response.Body.WriteAsync(weights.AsMemory(0, came));
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        using var process = Tool.Start(Variables(), "pull", "org/base");
        WaitForBytes(came);
        Tool.Signal(process, signal);
        var ended = Tool.End(process);
        _server.Instead = _ => Task.FromResult(false);

        var again = Run("pull", "org/base", "--json").Expect(0);

        Assert.NotEqual(0, ended.ExitCode);
        Assert.Equal(exitCode ?? ended.ExitCode, ended.ExitCode);
        Assert.InRange(again.Json.GetProperty("downloadedBytes").GetInt64(), 1, weights.Length - (came / 2));
        Assert.Equal(weights, File.ReadAllBytes(Path.Combine(again.Json.GetProperty("place").GetString()!, "model.safetensors")));
    }

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    private void WaitForBytes(int count)
    {
        var blobs = Path.Combine(_folder["cache"], "models--org--base", "blobs");
        var watch = Stopwatch.StartNew();
        while (!Directory.Exists(blobs) || !Directory.EnumerateFiles(blobs, "*.incomplete").Any(file => HasBytes(file, count)))
        {
            Assert.True(watch.Elapsed < TimeSpan.FromMinutes(1), "nothing came");
            Thread.Sleep(20);
        }
    }

    // A small file that was listed may have come to its end since, and has another name then.
    private static bool HasBytes(string path, int count)
    {
        try
        {
            return new FileInfo(path).Length >= count;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    private ToolResult Run(params string[] arguments) => Run([], arguments);

    private ToolResult Run((string Name, string Value)[] further, params string[] arguments)
    {
        using var process = Tool.Start(
            [.. Variables(), .. further.Select(one => KeyValuePair.Create(one.Name, (string?)one.Value))], arguments);
        return Tool.End(process);
    }

    private KeyValuePair<string, string?>[] Variables() =>
    [
        new("HF_ENDPOINT", _server.Address.AbsoluteUri), new("HF_HUB_CACHE", _folder["cache"]), new("HF_HOME", _folder["home"]),
        new("HF_TOKEN", null), new("HF_HUB_OFFLINE", null), new("TRANSFORMERS_OFFLINE", null),
    ];
}

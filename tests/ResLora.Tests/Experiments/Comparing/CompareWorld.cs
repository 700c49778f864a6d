using System.Text.Json;
using ResLora.Adapters;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Running;
using ResLora.Tests.Support;

namespace ResLora.Tests.Experiments.Comparing;

/// <summary>Comparisons of a few steps on the tiny model.</summary>
public sealed class CompareWorld : IDisposable
{
    private readonly TinyWorld _world = new();

    public CompareWorld() => Folder.Write("test.jsonl", string.Concat(Enumerable.Range(0, 6).Select(i => JsonSerializer.Serialize(
        new { prompt = $"What is {i} plus 20?", completion = $"{i} + 20 = {i + 20}. The answer is {i + 20}." }) + "\n")));

    public TemporaryFolder Folder => _world.Folder;

    /// <summary>A run as the file of a comparison has it.</summary>
    public RunConfig Run(int steps = 3) => _world.Run("x", ShortcutKind.None, steps) with { Output = null };

    /// <summary>A comparison of the usual run with others.</summary>
    public CompareConfig Config(string output, CompareSettings settings, params (string Name, Func<RunConfig, RunConfig> Change)[] arms)
    {
        Arm[] all = [.. arms.Select(arm => new Arm(arm.Name, [], settings.Tune.LearningRate, arm.Change(Run())))];
        return new CompareConfig(Run(), settings, all, arms[0].Name, Folder[output]);
    }

    public CompareSettings Settings(params long[] seeds) => new()
    {
        Arms = ArmList.Paper,
        Test = Folder["test.jsonl"],
        Seeds = seeds,
        MaxNewTokens = 4,
    };

    public static RunConfig Same(RunConfig run) => run;

    public static RunConfig Middle(RunConfig run) =>
        run with { Adapter = run.Adapter! with { Shortcut = new ShortcutConfig { Kind = ShortcutKind.Middle } } };

    public void Dispose() => _world.Dispose();
}

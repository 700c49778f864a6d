using System.Text.Json;
using ResLora.Adapters;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Sweeping;
using ResLora.Tests.Support;

namespace ResLora.Tests.Experiments.Sweeping;

/// <summary>Sweeps of a few steps on the tiny model.</summary>
public sealed class SweepWorld : IDisposable
{
    private readonly TinyWorld _world = new();

    public TemporaryFolder Folder => _world.Folder;

    /// <summary>A sweep over learning rates, of which the smallest hardly learns.</summary>
    public SweepConfig Rates(string output, HalvingSettings? halving = null, params double[] rates) => Config(
        output, halving, [1, 2], $"training.learningRate={string.Join(',', rates.Length > 0 ? rates : [1e-9, 0.02, 1e-8, 0.05])}");

    /// <summary>A sweep of the usual run, of four steps.</summary>
    public SweepConfig Config(string output, HalvingSettings? halving, long[] seeds, params string[] over)
    {
        var run = _world.Run("x", ShortcutKind.Block, steps: 4) with { Output = null };
        var file = Folder.Write("sweep.yaml", ConfigFile.ToYaml(run));
        string[] assignments =
        [
            $"sweep.seeds={JsonSerializer.Serialize(seeds)}",
            $"sweep.halving={(halving is null ? "null" : $"{{keep: {halving.Keep}, rungs: {halving.Rungs}}}")}",
        ];
        return SweepConfig.Read(file, assignments, new SweepLine(over, null, Halving: false)) with { Output = Folder[output] };
    }

    public void Dispose() => _world.Dispose();
}

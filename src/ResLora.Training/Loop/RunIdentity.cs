using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Models.Fused;
using ResLora.Training.Checkpoints;
using ResLora.Training.Data;

namespace ResLora.Training.Loop;

/// <summary>
/// What two runs must have in common for one to go on where the other stopped. How often a run evaluates and saves, its
/// patience, threads and checkpointing of gradients may change.
/// </summary>
internal static class RunIdentity
{
    public static IReadOnlyDictionary<string, string> Of(TrainSetup setup, int totalSteps)
    {
        var config = setup.Config;
        var identity = new SortedDictionary<string, string>(StringComparer.Ordinal);
        (string Name, object Value)[] settings =
        [
            ("number of steps", totalSteps), ("batchSize", config.BatchSize), ("accumulationSteps", config.AccumulationSteps),
            ("learningRate", config.LearningRate), ("schedule", config.Schedule), ("warmupRatio", config.WarmupRatio),
            ("warmupSteps", config.WarmupSteps ?? -1), ("weightDecay", config.WeightDecay), ("beta1", config.Beta1), ("beta2", config.Beta2),
            ("epsilon", config.Epsilon), ("clipNorm", config.ClipNorm), ("packing", config.Packing), ("fusedKernels", config.FusedKernels && FusedKernels.IsSupported), ("seed", config.Seed), ("bestMetric", config.BestMetric),
            ("the base model's dtype", setup.Model.DataType), ("the training data", Digest(setup.Train)), ("the held-out data", Digest(setup.Validation)),
        ];
        foreach (var (name, value) in settings)
        {
            identity[name] = Convert.ToString(value, CultureInfo.InvariantCulture)!;
        }

        foreach (var (name, value) in setup.Adapter is { } adapter ? JsonSerializer.SerializeToNode(adapter.Config)!.AsObject() : [])
        {
            identity[$"adapter.{name}"] = value?.ToJsonString() ?? "null";
        }

        if (setup.Adapter?.Blocks.Any(block => block.Config != setup.Adapter.Config) == true)
        {
            identity["adapter.blocks"] = string.Join(", ", setup.Adapter.Blocks.Select(block =>
                string.Create(CultureInfo.InvariantCulture, $"{block.ModuleName} {block.Config.Rank} {block.Config.Alpha}")));
        }

        return identity;
    }

    /// <summary>Refuses a checkpoint of another run.</summary>
    public static void Require(IReadOnlyDictionary<string, string> mine, SavedCheckpoint checkpoint)
    {
        var theirs = checkpoint.State.Identity;
        var differences = mine.Keys.Union(theirs.Keys)
            .Where(name => mine.GetValueOrDefault(name) != theirs.GetValueOrDefault(name))
            .Order(StringComparer.Ordinal)
            .Select(name => $"{name} ({theirs.GetValueOrDefault(name, "not set")} there, {mine.GetValueOrDefault(name, "not set")} here)")
            .ToArray();
        if (differences.Length > 0)
        {
            throw new ConfigException(
                $"The checkpoint '{checkpoint.Path}' belongs to a run with other settings: {string.Join(", ", differences)}. Resume with its settings, or train into another folder.");
        }
    }

    private static string Digest(IReadOnlyList<TokenizedSample> samples)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var sample in samples)
        {
            hash.AppendData(MemoryMarshal.AsBytes<int>([sample.Ids.Length]));
            hash.AppendData(MemoryMarshal.AsBytes<int>(sample.Ids));
            hash.AppendData(MemoryMarshal.AsBytes<int>(sample.Labels));
            hash.AppendData(MemoryMarshal.AsBytes<int>(sample.TypeIds ?? []));
            hash.AppendData(sample.Target is { } target ? BitConverter.GetBytes(target) : []);
        }

        const int shown = 12;
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..shown];
    }
}

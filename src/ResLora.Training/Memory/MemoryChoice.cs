using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Training.Loop;

namespace ResLora.Training.Memory;

/// <summary>How a run was made to fit into a limit on memory.</summary>
/// <param name="Limit">The limit in bytes.</param>
/// <param name="Wanted">What the settings alone would take, in bytes.</param>
/// <param name="Config">The settings that fit: the samples of a step are the same, the results up to rounding, too.</param>
/// <param name="Estimate">What they take.</param>
public sealed record MemoryChoice(long Limit, long Wanted, TrainConfig Config, MemoryEstimate Estimate)
{
    /// <summary>Whether the settings had packing off, and what fits has it on.</summary>
    public bool TurnsPackingOn { get; init; }

    /// <summary>
    /// Takes the first that fits of: the settings as they are; packed; smaller forward passes, the largest first; the same with
    /// checkpointed layers, which costs about a third more time and therefore comes last.
    /// </summary>
    /// <param name="wanted">The settings.</param>
    /// <param name="limit">The limit in bytes.</param>
    /// <param name="canPack">Whether the model's samples can be packed; an encoder's cannot.</param>
    /// <param name="estimate">Reckons the memory of settings; null where that is not known.</param>
    /// <returns>The choice.</returns>
    /// <exception cref="ConfigException">Nothing fits: says the least that is needed, and what to change. Or nothing is known.</exception>
    public static MemoryChoice Fit(TrainConfig wanted, long limit, bool canPack, Func<TrainConfig, MemoryEstimate?> estimate)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentNullException.ThrowIfNull(estimate);
        (TrainConfig Config, MemoryEstimate Estimate)? smallest = null;
        long? first = null;
        bool TurnsPackingOn(TrainConfig config) => config.Packing && !wanted.Packing;
        foreach (var config in Candidates(wanted, canPack || wanted.Packing))
        {
            var memory = estimate(config) ?? throw new ConfigException(
                $"training.maxMemory is {ByteSize.Format(limit)}, and what this model takes in training is not known; leave the limit out.");
            first ??= memory.Total;
            if (memory.Total <= limit)
            {
                return new MemoryChoice(limit, first.Value, config, memory) { TurnsPackingOn = TurnsPackingOn(config) };
            }

            if (smallest is null || memory.Total < smallest.Value.Estimate.Total)
            {
                smallest = (config, memory);
            }
        }

        var (least, need) = smallest!.Value;
        throw new ConfigException(
            $"training.maxMemory is {ByteSize.Format(limit)}, and this run takes at least {ByteSize.Format(need.Total)}, with {Describe(least, TurnsPackingOn(least))} " +
            $"({ByteSize.Format(need.Program)} the program, {ByteSize.Format(need.BaseWeights)} base weights, {ByteSize.Format(need.Trained)} what is trained, " +
            $"{ByteSize.Format(need.Activations + need.Passing)} the passes). Raise it{(need.Program >= limit ? ": the program alone takes more" : $", or {Advice(need, wanted)}")}.");
    }

    /// <summary>The settings in question, in words.</summary>
    /// <param name="config">The settings.</param>
    /// <param name="turnsPackingOn">Whether packing is to be named.</param>
    /// <returns>A phrase.</returns>
    public static string Describe(TrainConfig config, bool turnsPackingOn)
    {
        ArgumentNullException.ThrowIfNull(config);
        return $"{(turnsPackingOn ? "packing, " : "")}batchSize {config.BatchSize}, accumulationSteps {config.AccumulationSteps}{(config.GradientCheckpointing ? " and gradientCheckpointing" : "")}";
    }

    private static IEnumerable<TrainConfig> Candidates(TrainConfig wanted, bool packing)
    {
        var samples = wanted.BatchSize * wanted.AccumulationSteps;
        int[] sizes = [.. Enumerable.Range(1, wanted.BatchSize).Where(size => samples % size == 0).OrderDescending()];
        bool[] ways = wanted.GradientCheckpointing ? [true] : [false, true];
        return ways.SelectMany(checkpointing => sizes.Select(size =>
            wanted with { BatchSize = size, AccumulationSteps = samples / size, GradientCheckpointing = checkpointing, Packing = packing })).Prepend(wanted).Distinct();
    }

    private static string Advice(MemoryEstimate need, TrainConfig wanted)
    {
        var passes = need.Activations + need.Passing;
        return need.BaseWeights >= passes && need.BaseWeights >= need.Trained && wanted.DataType == "float32"
            ? "set training.dataType to bfloat16, half the size, which uses files in bfloat16 as they are"
            : need.Trained >= passes
                ? "train less: a lower adapter.rank or fewer adapter.targets"
                : "set a smaller training.maxLength, which leaves longer samples out";
    }
}

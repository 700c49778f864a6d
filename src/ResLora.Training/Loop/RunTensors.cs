using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>
/// The tensors that a run needs to go on bit for bit: trained parameters (<c>parameter.NAME</c>), the optimizer's moments, the random
/// state, the losses so far, the adapter's calibration statistics, what its method keeps (<c>method.NAME</c>), and the averages of what is
/// trained (<c>average.NAME</c>) where there are some.
/// Independent of the adapter's own file format.
/// </summary>
internal static class RunTensors
{
    private const string RandomState = "random_state";
    private const string Losses = "losses";
    private const string InputNorms = "input_norms.";
    private const string LowNorms = "low_norms.";
    private const string OfMethod = "method.";

    /// <summary>Collects them; new ones are in the caller's dispose scope, the others are borrowed.</summary>
    public static IEnumerable<KeyValuePair<string, Tensor>> Collect(
        TrainSetup setup, AdamW optimizer, RunRandom random, MethodTraining? method, WeightAverage? average, IReadOnlyList<double> losses)
    {
        var parameters = setup.Trainable.Select(p => KeyValuePair.Create(ParameterName(p.Key), (Tensor)p.Value));
        var statistics = setup.Adapter is not { } adapter
            ? []
            : Norms(InputNorms, adapter.Statistics.InputNorms).Concat(Norms(LowNorms, adapter.Statistics.LowNorms));
        return
        [
            .. parameters, .. optimizer.State, .. statistics, .. average?.State ?? [],
            .. (method?.State ?? []).Select(state => KeyValuePair.Create(OfMethod + state.Key, state.Value)),
            KeyValuePair.Create(RandomState, random.State),
            KeyValuePair.Create(Losses, tensor(losses.ToArray(), dtype: float64)),
        ];
    }

    /// <summary>Puts them back.</summary>
    /// <returns>The losses so far.</returns>
    /// <exception cref="FileFormatException">A tensor is missing or has another shape.</exception>
    public static IReadOnlyList<double> Restore(
        string path, TrainSetup setup, AdamW optimizer, RunRandom random, MethodTraining? method, WeightAverage? average, int step)
    {
        using var reader = SafetensorsReader.Open(path);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        Tensor Read(string name, long[]? shape)
        {
            var stored = reader.Entries.ContainsKey(name)
                ? reader.Read(name)
                : throw new FileFormatException(
                    $"'{path}' has no tensor '{name}'; the checkpoint does not belong to this model and adapter.");
            return shape is null || stored.shape.SequenceEqual(shape)
                ? stored
                : throw new FileFormatException(
                    $"'{path}': '{name}' is [{string.Join(", ", stored.shape)}], the run has [{string.Join(", ", shape)}].");
        }

        foreach (var (name, parameter) in setup.Trainable)
        {
            parameter.copy_(Read(ParameterName(name), parameter.shape));
        }

        var shapes = optimizer.State.ToDictionary(s => s.Key, s => s.Value.shape, StringComparer.Ordinal);
        optimizer.Restore(step, name => Read(name, shapes[name]));
        foreach (var (name, state) in method?.State ?? [])
        {
            state.copy_(Read(OfMethod + name, state.shape));
        }

        method?.Restored();
        foreach (var (name, mean) in average?.State ?? [])
        {
            mean.copy_(Read(name, mean.shape));
        }

        RestoreStatistics(setup.Adapter, reader);
        random.Restore(Read(RandomState, random.State.shape));
        return Read(Losses, [step]).data<double>().ToArray();
    }

    private static string ParameterName(string name) => $"parameter.{name}";

    private static IEnumerable<KeyValuePair<string, Tensor>> Norms(
        string prefix, IReadOnlyDictionary<string, IReadOnlyCollection<double>> norms) =>
        norms.Select(n => KeyValuePair.Create(prefix + n.Key, tensor(n.Value.ToArray(), dtype: float64)));

    private static void RestoreStatistics(AdaptedModel? adapter, SafetensorsReader reader)
    {
        double[] Values(string name) => reader.Entries.ContainsKey(name) ? reader.Read(name).data<double>().ToArray() : [];

        foreach (var module in adapter?.Blocks.Select(b => b.ModuleName) ?? [])
        {
            adapter!.Statistics.Restore(module, Values(InputNorms + module), Values(LowNorms + module));
        }
    }
}

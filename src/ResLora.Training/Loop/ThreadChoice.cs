using ResLora.Formats.Errors;
using ResLora.Training.Distributed;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>
/// How many threads a run takes. Threads that share an operation wait for each other after each, which costs more than they save where
/// operations are short: a model of 1.7 M numbers trained on one thread in half the time of two.
/// </summary>
public static class ThreadChoice
{
    /// <summary>
    /// Multiplications of a product from which on threads pay, in bfloat16 and in float32: both are about 0.6 ms of one thread. Measured on
    /// two cores with AVX-512 (docs/experiments.md).
    /// </summary>
    private const double WorthInBFloat16 = 130e6, WorthInFloat32 = 26e6;

    // 1,024 threads on one core made 3 steps of a small model in a minute.
    private const int ThreadsPerProcessor = 4, LeastMost = 16;

    /// <summary>
    /// The number for <c>training.threads</c>. It follows from settings, model and data alone, so that a run can be repeated bit for bit.
    /// </summary>
    /// <param name="setup">The run; what it trains requires gradients already.</param>
    /// <param name="usual">libtorch's own choice.</param>
    /// <returns>At least 1.</returns>
    /// <exception cref="ConfigException">The settings ask for far more threads than there are processors.</exception>
    public static int Of(TrainSetup setup, int usual)
    {
        ArgumentNullException.ThrowIfNull(setup);
        var most = Math.Max(LeastMost, ThreadsPerProcessor * Environment.ProcessorCount);
        if (setup.Config.Threads > most)
        {
            throw new ConfigException(
                $"training.threads is {setup.Config.Threads}, and there are {Environment.ProcessorCount} processors; {most} threads at most, since many more wait for each other without an end.");
        }

        if (setup.Config.Threads > 0)
        {
            return setup.Config.Threads;
        }

        // Not the adapter's own factors, and the middle one, since embedding and head are no measure of a layer.
        var weights = setup.Model.parameters()
            .Where(parameter => parameter.dim() == 2 && (setup.Adapter is null || !parameter.requires_grad))
            .Select(parameter => (Size: parameter.numel(), parameter.dtype))
            .OrderBy(weight => weight.Size)
            .ToArray();
        usual = ProcessorShare.Of(setup.Communicator, usual);
        if (weights.Length == 0 || setup.Train.Count == 0)
        {
            return usual;
        }

        var (size, type) = weights[weights.Length / 2];
        var multiplications = size * setup.Config.BatchSize * setup.Train.Average(sample => sample.Size);
        return multiplications < (type == ScalarType.BFloat16 ? WorthInBFloat16 : WorthInFloat32) ? 1 : usual;
    }
}

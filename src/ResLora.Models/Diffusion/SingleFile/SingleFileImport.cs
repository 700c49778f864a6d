using ResLora.Formats.Errors;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Models.Diffusion.SingleFile;

/// <summary>Writes an original Stable Diffusion checkpoint, one file, as a pipeline folder in diffusers' layout.</summary>
public static class SingleFileImport
{
    private const double ScheduleTolerance = 1e-3;

    private static readonly (string Part, string Prefix)[] _parts =
    [
        (PipelineParts.TextEncoder, ""), (PipelineParts.UNet, PipelineParts.WeightsPrefix),
        (PipelineParts.Autoencoder, PipelineParts.WeightsPrefix),
    ];

    /// <summary>Finds out which tensor goes where.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="like">A pipeline folder whose configurations describe the networks; its weights are not read.</param>
    /// <param name="averaged">Whether the UNet's averaged weights are taken in place of the plain ones.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ResLoraException">The folder is no pipeline that is supported, or the tensors do not fit it.</exception>
    public static SingleFilePlan Plan(ITensorFile file, string like, bool averaged)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(like);
        using var scope = NewDisposeScope();
        using var network = ModelRegistry.Build(like);
        using var autoencoder = network is TextToImageModel ? ModelRegistry.Build(Path.Combine(like, PipelineParts.Autoencoder)) : null;
        if (network is not TextToImageModel model || autoencoder is not PictureAutoencoder)
        {
            throw new ConfigException(
                $"{like}: this is no pipeline of a text-to-image model; take a folder with {PipelineParts.IndexName}.");
        }

        var plan = SingleFilePlan.Of(
            file,
            new Dictionary<string, IReadOnlyDictionary<string, long[]>>
            {
                [PipelineParts.TextEncoder] = Shapes(model.TextEncoder),
                [PipelineParts.UNet] = Shapes(model.UNet),
                [PipelineParts.Autoencoder] = Shapes(autoencoder),
            },
            averaged);
        WarnOfSchedule(file, like);
        return plan;
    }

    /// <summary>Writes the pipeline, a tensor at a time, beside its place and then into it.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="plan">From <see cref="Plan"/>.</param>
    /// <param name="like">The same folder as for <see cref="Plan"/>: all its files but weights are taken over.</param>
    /// <param name="output">The folder to write; it must not be there, or be empty, unless it may be replaced.</param>
    /// <param name="dtype">The type to store; null keeps each tensor's own.</param>
    /// <param name="overwrite">Whether a folder of ours may be replaced. Default false.</param>
    /// <param name="maxShardBytes">The most bytes of tensors in one file.</param>
    /// <param name="stop">Ends it between two tensors; nothing is left then.</param>
    /// <exception cref="ConfigException">The output is there already, or the disk refuses.</exception>
    /// <exception cref="FileFormatException">The checkpoint was cut short meanwhile.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static void Write(
        ITensorFile file, SingleFilePlan plan, string like, string output, ScalarType? dtype = null, bool overwrite = false,
        long maxShardBytes = CheckpointWriter.DefaultShardBytes, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(plan);
        PipelineFolder.WriteParts(like, output, overwrite, [file.Path], path =>
        {
            foreach (var (part, prefix) in _parts)
            {
                CheckpointWriter.WriteStreamed(
                    Path.Combine(path, part),
                    plan.Tensors.Where(tensor => tensor.Target.Component == part).Select(tensor => Streamed(file, tensor, dtype, stop)),
                    maxShardBytes,
                    prefix);
            }
        });
    }

    private static StreamedTensor Streamed(ITensorFile file, PlannedTensor tensor, ScalarType? dtype, CancellationToken stop)
    {
        var stored = dtype ?? tensor.DataType;
        return new StreamedTensor(tensor.Target.Name, stored, tensor.Shape, () =>
        {
            stop.ThrowIfCancellationRequested();
            using var noGradient = no_grad();
            using var scope = NewDisposeScope();
            var all = file.Read(tensor.Source);
            var rows = tensor.Shape.Count > 0 ? tensor.Shape[0] : 0;
            var part = tensor.Target.Part switch
            {
                SourcePart.FirstThird => all.narrow(0, 0, rows),        // [3 D, …] -> [D, …]
                SourcePart.SecondThird => all.narrow(0, rows, rows),
                SourcePart.LastThird => all.narrow(0, 2 * rows, rows),
                _ => all,
            };
            return part.reshape([.. tensor.Shape]).to(stored).MoveToOuterDisposeScope();
        });
    }

    private static Dictionary<string, long[]> Shapes(Network network) =>
        network.named_parameters().ToDictionary(p => p.name, p => p.parameter.shape, StringComparer.Ordinal);

    /// <summary>The noise schedule is the scheduler's, but a checkpoint that was trained on another one should not go unnoticed.</summary>
    private static void WarnOfSchedule(ITensorFile file, string like)
    {
        const string Key = "alphas_cumprod";
        var schedule = new NoiseSchedule(SchedulerConfig.Read(Path.Combine(like, PipelineParts.Scheduler, "scheduler_config.json")));
        if (!file.Tensors.TryGetValue(Key, out var stored) || stored.DataType is not (ScalarType.Float32 or ScalarType.Float64)
            || !stored.Shape.SequenceEqual([schedule.TrainTimesteps]))
        {
            return;
        }

        using var scope = NewDisposeScope();
        var found = file.Read(Key).to(float64);
        var distance = (found - tensor(schedule.AlphaBars.ToArray(), float64)).abs().max().item<double>();
        if (!(distance <= ScheduleTolerance))
        {
            Warnings.Add($"{file.Path}: its noise schedule ({Key}) is not that of {like}'s scheduler, which is taken.");
        }
    }
}

using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Models;
using ResLora.Models.Diffusion.SingleFile;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Importing;

/// <summary>
/// Makes a folder of a model that is one file: Hugging Face's layout from GGUF, a pipeline in diffusers' layout from a checkpoint of the
/// original Stable Diffusion.
/// </summary>
public static class ImportJob
{
    private static readonly (string Name, ScalarType? Type)[] _types =
        [("float16", ScalarType.Float16), ("bfloat16", ScalarType.BFloat16), ("float32", ScalarType.Float32), ("auto", null)];

    /// <summary>Runs the job. All is checked before the first tensor is read.</summary>
    /// <param name="options">What is imported.</param>
    /// <param name="stop">Ends it between two tensors; nothing is left then.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used, or the output is there already.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static ImportReport Run(ImportOptions options, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var dtype = Array.Find(_types, type => type.Name == options.DataType) is { Name: not null } known
            ? known.Type
            : throw new ConfigException(
                $"--dtype is '{options.DataType}'; it must be {string.Join(", ", _types.Select(type => type.Name))}.");
        if (Path.GetExtension(options.Checkpoint).Equals(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            return RunGguf(options, dtype, stop);
        }

        var like = options.Like ?? throw new ConfigException(
            $"'{options.Checkpoint}' has no configuration and no tokenizer; give a pipeline folder that has them (--like).");
        OutputGuard.RequireFolder(options.Output, options.Overwrite, options.Checkpoint, like);
        using var file = TensorFiles.Open(options.Checkpoint);
        var plan = SingleFileImport.Plan(file, like, options.Averaged);
        SingleFileImport.Write(file, plan, like, options.Output, dtype, options.Overwrite, stop: stop);
        return new ImportReport(options.Output, Parts(plan, dtype), plan.LeftOut, options.Averaged);
    }

    private static ImportReport RunGguf(ImportOptions options, ScalarType? dtype, CancellationToken stop)
    {
        if (options.Like is not null || options.Averaged)
        {
            throw new ConfigException(
                $"'{options.Checkpoint}' has all of its own; leave {(options.Averaged ? "--averaged" : "--like")} out.");
        }

        var tensors = ModelFolder.Convert(options.Checkpoint, options.Output, dtype, options.Overwrite, stop);
        var part = new ImportedPart(
            "model", tensors.Count, tensors.Sum(entry => entry.Count), SafetensorsEntry.MainType(tensors)!.Value.ToString());
        return new ImportReport(options.Output, [part], [], Averaged: false);
    }

    private static ImportedPart[] Parts(SingleFilePlan plan, ScalarType? dtype) =>
    [
        .. plan.Tensors.GroupBy(tensor => tensor.Target.Component).OrderBy(
            part => part.Key, StringComparer.Ordinal).Select(part => new ImportedPart(
            part.Key,
            part.Count(),
            part.Sum(Count),
            (dtype ?? part.GroupBy(tensor => tensor.DataType).MaxBy(type => type.Sum(Count))!.Key).ToString())),
    ];

    private static long Count(PlannedTensor tensor) => tensor.Shape.Aggregate(1L, (count, size) => count * size);
}

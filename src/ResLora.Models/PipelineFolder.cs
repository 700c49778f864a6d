using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>Writes pipelines in diffusers' layout: the parts that adapters change anew, everything else as it was.</summary>
internal static class PipelineFolder
{
    private const int MostFiles = 10_000;

    /// <summary>Writes a pipeline that came from a folder, with the weights that it has now.</summary>
    /// <param name="model">The networks, without adapter blocks.</param>
    /// <param name="sourceFolder">The folder that they came from.</param>
    /// <param name="folder">The folder to write.</param>
    /// <param name="dtype">The dtype to store the networks in; the autoencoder's file is copied.</param>
    /// <param name="overwrite">Whether a folder of ours may be replaced.</param>
    /// <param name="maxShardBytes">The most bytes of tensors in one file.</param>
    /// <exception cref="ConfigException">The folder exists and may not be replaced, or the disk refuses.</exception>
    public static void Write(
        TextToImageModel model, string sourceFolder, string folder, ScalarType dtype, bool overwrite, long maxShardBytes)
    {
        if (model.named_parameters().FirstOrDefault(p => p.name.Contains(".base_layer.", StringComparison.Ordinal)).name is { } foreign)
        {
            throw new InvalidOperationException(
                $"The model still carries adapter blocks ('{foreign}'); merge or remove them before writing it.");
        }

        AtomicFolder.Write(
            folder,
            path =>
            {
                Copy(sourceFolder, path, Others(sourceFolder));
                WriteWeights(model.TextEncoder, Path.Combine(path, PipelineParts.TextEncoder), "");
                WriteWeights(model.UNet, Path.Combine(path, PipelineParts.UNet), PipelineParts.WeightsPrefix);
            },
            overwrite,
            sourceFolder);

        void WriteWeights(Network part, string path, string prefix) => CheckpointWriter.Write(
            path, part.named_parameters().Select(p => KeyValuePair.Create(p.name, (Tensor)p.parameter)), dtype, maxShardBytes, prefix);
    }

    /// <summary>Writes a pipeline that has all of a folder but the weights, which are new in every part.</summary>
    /// <param name="sourceFolder">The folder whose other files are taken over.</param>
    /// <param name="folder">The folder to write.</param>
    /// <param name="overwrite">Whether a folder of ours may be replaced.</param>
    /// <param name="inputs">What the weights are read from.</param>
    /// <param name="fill">Writes the weights into the parts' folders, which are there, given the folder that holds them.</param>
    /// <exception cref="ConfigException">The folder exists, or the disk refuses.</exception>
    public static void WriteParts(string sourceFolder, string folder, bool overwrite, IEnumerable<string> inputs, Action<string> fill) =>
        AtomicFolder.Write(
        folder,
        path =>
        {
            Copy(sourceFolder, path, Others(sourceFolder).Where(file => !IsWeights(file)));
            fill(path);
        },
        overwrite,
        [sourceFolder, .. inputs]);

    private static void Copy(string sourceFolder, string folder, IEnumerable<string> files)
    {
        foreach (var file in files)
        {
            AtomicFile.Write(Path.Combine(folder, file), stream =>
            {
                using var source = InputFile.OpenRead(Path.Combine(sourceFolder, file));
                source.CopyTo(stream);
            });
        }
    }

    /// <summary>The files of a pipeline that are taken over: its index and what lies in the folders of its parts, without the weights that
    /// are written anew. The other parts, such as a safety checker, have theirs: the index names them.</summary>
    private static string[] Others(string folder)
    {
        using var index = CheckedJson.Read(Path.Combine(folder, PipelineParts.IndexName));
        HashSet<string> parts = [.. index.RootElement.EnumerateObject().Select(part => part.Name)];
        string[] files =
        [
            .. Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 })
                .Take(MostFiles)
                .Select(file => Path.GetRelativePath(folder, file))
                .Where(file => !Path.GetFileName(file).StartsWith('.'))
                .Where(file => IsTakenOver(file, parts))
                .Order(StringComparer.Ordinal),
        ];
        return [.. files.Where(file => IsRead(file, files))];
    }

    private static bool IsTakenOver(string file, HashSet<string> parts)
    {
        var part = file.Split(Path.DirectorySeparatorChar)[0];
        return part == file
            ? file is PipelineParts.IndexName or "LICENSE" or "LICENSE.md"
            : parts.Contains(part) && (!IsWeights(file) || (!PipelineParts.Trained.Contains(part) && !IsVariant(file)));
    }

    private static bool IsWeights(string file) => Path.GetExtension(file) is ".safetensors" or ".bin" or ".ckpt" or ".pt" or ".msgpack"
        || file.EndsWith(".safetensors.index.json", StringComparison.Ordinal);

    /// <summary>The same weights in 16 bits.</summary>
    private static bool IsVariant(string file) => Path.GetFileName(file).Contains(".fp16.", StringComparison.Ordinal);

    /// <summary>Only what diffusers would read: the older file of a part is left out where there is a newer one.</summary>
    private static bool IsRead(string file, IEnumerable<string> all) => !IsWeights(file) || IsSafe(file)
        || !all.Any(other => Path.GetDirectoryName(other) == Path.GetDirectoryName(file) && IsSafe(other));

    private static bool IsSafe(string file) => IsWeights(file) && file.Contains(".safetensors", StringComparison.Ordinal);
}

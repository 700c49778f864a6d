using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>Writes models as folders in Hugging Face's layout. Every folder is written aside and moved into place.</summary>
public static class ModelFolder
{
    // Weights are never copied along: a folder holds one model only.
    private static readonly string[] _companions =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "tokenizer.model",
        "vocab.json", "merges.txt", "vocab.txt", "added_tokens.json", "chat_template.jinja", "preprocessor_config.json", "LICENSE",
    ];

    // Tokenizers are the largest, at some 35 MB.
    private const long LargestCompanion = 256L << 20;

    private static readonly JsonSerializerOptions _json = new() { WriteIndented = true, IndentSize = 2, NewLine = "\n" };

    /// <summary>Writes a model that came from a folder, with the weights that it has now.</summary>
    /// <param name="model">The model, without adapter blocks (merged or as loaded).</param>
    /// <param name="sourceFolder">The folder that it came from: configuration and tokenizer are taken from there.</param>
    /// <param name="folder">The folder to write.</param>
    /// <param name="dtype">The dtype to store; null keeps the model's.</param>
    /// <param name="overwrite">Whether an existing folder may be replaced. Default false.</param>
    /// <param name="maxShardBytes">The most bytes of tensors in one file; more are cut into shards. Default 5 · 10⁹.</param>
    /// <exception cref="ConfigException">The folder exists and may not be replaced, or it is the source folder itself.</exception>
    public static void Write(
        Network model,
        string sourceFolder,
        string folder,
        ScalarType? dtype = null,
        bool overwrite = false,
        long maxShardBytes = CheckpointWriter.DefaultShardBytes)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (Path.TrimEndingDirectorySeparator(
            Path.GetFullPath(sourceFolder)) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))
        {
            throw new ConfigException($"{folder}: a model cannot be written over the folder that it is read from; choose another output.");
        }

        if (model is TextToImageModel pipeline)
        {
            PipelineFolder.Write(pipeline, sourceFolder, folder, dtype ?? model.DataType, overwrite, maxShardBytes);
            return;
        }

        using var source = CheckedJson.Read(Path.Combine(sourceFolder, "config.json"));
        var config = JsonObject.Create(source.RootElement)!;
        OutputGuard.RequireFolder(folder, overwrite, sourceFolder);
        Write(model, config, Companions(sourceFolder), folder, dtype ?? model.DataType, overwrite, maxShardBytes);
    }

    /// <summary>Writes a model with a configuration and companions given here.</summary>
    /// <param name="model">The model, without adapter blocks.</param>
    /// <param name="config">The configuration; what it says of ties and dtype is set right.</param>
    /// <param name="companions">Further files by name, such as tokenizer.json.</param>
    /// <param name="folder">The folder to write.</param>
    /// <param name="dtype">The dtype to store.</param>
    /// <param name="overwrite">Whether an existing folder may be replaced.</param>
    /// <param name="maxShardBytes">The most bytes of tensors in one file; more are cut into shards. Default 5 · 10⁹.</param>
    /// <exception cref="ConfigException">The folder exists and may not be replaced.</exception>
    public static void Write(
        Network model,
        JsonObject config,
        IReadOnlyDictionary<string, byte[]> companions,
        string folder,
        ScalarType dtype,
        bool overwrite,
        long maxShardBytes = CheckpointWriter.DefaultShardBytes)
    {
        ArgumentNullException.ThrowIfNull(model);
        var foreign = model.named_parameters().FirstOrDefault(p => p.name.Contains(".base_layer.", StringComparison.Ordinal)).name;
        if (foreign is not null)
        {
            throw new InvalidOperationException(
                $"The model still carries adapter blocks ('{foreign}'); merge or remove them before writing it.");
        }

        Write(
            model, config, companions, folder, dtype, overwrite,
            path =>
                CheckpointWriter.Write(
                    path, model.named_parameters().Select(p => KeyValuePair.Create(p.name, (Tensor)p.parameter)), dtype, maxShardBytes));
    }

    /// <summary>
    /// Writes a new model whose weights are drawn while they are written, a tensor at a time: no model has to fit into memory.
    /// </summary>
    /// <param name="model">The network, whose weights may be on the meta device.</param>
    /// <param name="config">As for the other overload.</param>
    /// <param name="companions">As for the other overload.</param>
    /// <param name="folder">The folder to write.</param>
    /// <param name="weights">How the weights are drawn; every tensor has a stream of random numbers of its own.</param>
    /// <param name="dtype">The dtype to store.</param>
    /// <param name="overwrite">Whether an existing folder may be replaced.</param>
    /// <param name="maxShardBytes">The most bytes of tensors in one file; more are cut into shards. Default 5 · 10⁹.</param>
    /// <exception cref="ConfigException">The folder exists and may not be replaced, or the disk refuses.</exception>
    public static void WriteDrawn(
        Network model,
        JsonObject config,
        IReadOnlyDictionary<string, byte[]> companions,
        string folder,
        NewWeights weights,
        ScalarType dtype,
        bool overwrite,
        long maxShardBytes = CheckpointWriter.DefaultShardBytes)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(weights);
        Write(
            model,
            config,
            companions,
            folder,
            dtype,
            overwrite,
            path => CheckpointWriter.WriteStreamed(path, ModelWeights.Drawn(model, weights, dtype), maxShardBytes));
    }

    /// <summary>Writes a model as it is stored in another place, a tensor at a time: no model has to fit into memory.</summary>
    /// <param name="source">The place: a folder or a GGUF file.</param>
    /// <param name="folder">The folder to write.</param>
    /// <param name="dtype">The dtype to store; null keeps that of each tensor (float32 for one that is packed in blocks).</param>
    /// <param name="overwrite">Whether a folder of ours may be replaced. Default false.</param>
    /// <param name="stop">Ends it between two tensors; nothing is left then.</param>
    /// <returns>The tensors that were written.</returns>
    /// <exception cref="ConfigException">The model is not supported, or the folder exists.</exception>
    /// <exception cref="FileFormatException">A file is missing or broken.</exception>
    public static IReadOnlyList<SafetensorsEntry> Convert(
        string source, string folder, ScalarType? dtype = null, bool overwrite = false, CancellationToken stop = default)
    {
        OutputGuard.RequireFolder(folder, overwrite, source);
        using var model = ModelRegistry.BuildCausal(source);
        using var json = CheckedJson.Read(Path.Combine(source, "config.json"));
        using var checkpoint = CheckpointReader.Open(source);
        SafetensorsEntry[] entries = [.. checkpoint.Entries.Values.Select(entry => entry with { DataType = dtype ?? entry.DataType })];
        Write(
            model, JsonObject.Create(json.RootElement)!, Companions(source), folder, SafetensorsEntry.MainType(entries)!.Value, overwrite,
            path =>
                CheckpointWriter.WriteStreamed(
                    path, entries.Select(entry => new StreamedTensor(entry.Name, entry.DataType, entry.Shape, () => Read(entry)))));
        return entries;

        Tensor Read(SafetensorsEntry entry)
        {
            stop.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            return checkpoint.Read(entry.Name).to(entry.DataType).MoveToOuterDisposeScope();
        }
    }

    /// <summary>The files of a folder that go with its weights, such as the tokenizer's, by name.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Their contents.</returns>
    /// <exception cref="FileFormatException">One cannot be read, or is not an ordinary file.</exception>
    public static IReadOnlyDictionary<string, byte[]> Companions(string folder) => _companions
        .Select(name => (name, path: Path.Combine(folder, name)))
        .Where(c => ModelFiles.Exists(c.path))
        .ToDictionary(c => c.name, c => InputFile.ReadBytes(c.path, LargestCompanion), StringComparer.Ordinal);

    private static void Write(
        Network model,
        JsonObject config,
        IReadOnlyDictionary<string, byte[]> companions,
        string folder,
        ScalarType dtype,
        bool overwrite,
        Action<string> writeWeights)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(companions);
        model.Describe(config);
        config.Remove("dtype");   // newer configurations' name of the same key
        config["torch_dtype"] = dtype switch
        {
            ScalarType.BFloat16 => "bfloat16",
            ScalarType.Float16 => "float16",
            ScalarType.Float32 => "float32",
            _ => throw new ConfigException($"Models are stored as float32, bfloat16 or float16, not {dtype}."),
        };
        AtomicFolder.Write(
            folder,
            path =>
            {
                AtomicFile.WriteText(Path.Combine(path, "config.json"), config.ToJsonString(_json) + "\n");
                foreach (var (name, content) in companions)
                {
                    AtomicFile.Write(Path.Combine(path, name), stream => stream.Write(content));
                }

                writeWeights(path);
            },
            overwrite);
    }
}

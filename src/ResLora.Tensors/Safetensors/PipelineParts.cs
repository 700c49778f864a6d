namespace ResLora.Tensors.Safetensors;

/// <summary>
/// The parts of a pipeline in diffusers' layout that have weights an adapter may change. The autoencoder is none of them: it is a tool of
/// its own.
/// </summary>
public static class PipelineParts
{
    /// <summary>The file that makes a folder a pipeline.</summary>
    public const string IndexName = "model_index.json";

    /// <summary>The text encoder's folder, and the first part of its tensors' names.</summary>
    public const string TextEncoder = "text_encoder";

    /// <summary>The UNet's folder, and the first part of its tensors' names.</summary>
    public const string UNet = "unet";

    /// <summary>The autoencoder's folder.</summary>
    public const string Autoencoder = "vae";

    /// <summary>The folder of the tokenizer's files.</summary>
    public const string Tokenizer = "tokenizer";

    /// <summary>The folder of the noise schedule.</summary>
    public const string Scheduler = "scheduler";

    /// <summary>What the names of weight files begin with in diffusers' own parts (not the text encoder's).</summary>
    public const string WeightsPrefix = "diffusion_pytorch_";

    /// <summary>The parts in the order in which they run.</summary>
    public static IReadOnlyList<string> Trained { get; } = [TextEncoder, UNet];

    /// <summary>Whether a folder is a pipeline.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>True when there is an index.</returns>
    public static bool IsPipeline(string folder) => File.Exists(Path.Combine(folder, IndexName));

    /// <summary>The folders that hold a checkpoint's tensors: the folder itself, or the parts of a pipeline.</summary>
    internal static IEnumerable<(string Prefix, string Folder)> Of(string folder) =>
        IsPipeline(folder) ? Trained.Select(part => (part + ".", Path.Combine(folder, part))) : [("", folder)];

    /// <summary>One header of all parts.</summary>
    internal static SafetensorsHeader Join(IEnumerable<(string Prefix, SafetensorsHeader Header)> parts)
    {
        (string Prefix, SafetensorsHeader Header)[] all = [.. parts];
        if (all is [{ Prefix: "" } whole])
        {
            return whole.Header;
        }

        var entries = all
            .SelectMany(part => part.Header.Entries.Values.Select(entry => entry with { Name = part.Prefix + entry.Name }))
            .ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        return new SafetensorsHeader(entries, all[0].Header.Metadata);
    }
}

using ResLora.Formats;
using ResLora.Tensors.Safetensors;

namespace ResLora.Adapters.LoraFiles;

/// <summary>Finds the layers of a text-to-image model that the names of LoRA files mean.</summary>
internal sealed class LoraFileLayers
{
    private const string KohyaUNet = "lora_unet_";
    private const string KohyaText = "lora_te_";
    private const string TextModel = "text_model.";

    private static readonly (string Old, string New)[] _textProjections =
        [("to_q", "q_proj"), ("to_k", "k_proj"), ("to_v", "v_proj"), ("to_out", "out_proj")];

    private readonly HashSet<string> _layers;
    private readonly Dictionary<string, string?> _kohya = new(StringComparer.Ordinal);

    /// <summary>Makes the tables of a model.</summary>
    /// <param name="layers">The dotted names of its layers, with the network's name first.</param>
    /// <param name="names">Other names of layers that the model knows, or null.</param>
    public LoraFileLayers(IEnumerable<string> layers, IOriginalNames? names)
    {
        _layers = [.. layers];
        foreach (var layer in _layers)
        {
            Add(KohyaName(layer), layer);
            if (names?.OriginalName(layer) is { } original)
            {
                Add(KohyaName(layer, original), layer);
            }
        }
    }

    /// <summary>Whether a module is named in kohya's way.</summary>
    public static bool IsKohya(string module) => module.StartsWith("lora_", StringComparison.Ordinal);

    /// <summary>kohya's name of a layer.</summary>
    /// <param name="layer">The dotted name with the network's name first.</param>
    /// <returns>The name without dots.</returns>
    public static string KohyaName(string layer) => KohyaName(layer, Inner(layer));

    /// <summary>The network that a name is in, a model's own or a file's.</summary>
    public static string PartOf(string name) =>
        name.StartsWith(PipelineParts.TextEncoder + ".", StringComparison.Ordinal) || name.StartsWith(KohyaText, StringComparison.Ordinal)
            ? PipelineParts.TextEncoder
            : PipelineParts.UNet;

    /// <summary>A name without the network's: dotted names only.</summary>
    public static string Inner(string name) =>
        PipelineParts.Trained.FirstOrDefault(part => name.StartsWith(part + ".", StringComparison.Ordinal)) is { } part
            ? name[(part.Length + 1)..]
            : name;

    /// <summary>A name without what newer text encoders leave out of theirs: its end is enough for all.</summary>
    public static string WithoutTextModel(string inner) =>
        inner.StartsWith(TextModel, StringComparison.Ordinal) ? inner[TextModel.Length..] : inner;

    /// <summary>The layer that a file's tensor belongs to.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <returns>The layer's dotted name; null where the model has none of that name, or several.</returns>
    public string? Find(LoraFileTensor tensor)
    {
        if (IsKohya(tensor.Module))
        {
            return _kohya.GetValueOrDefault(tensor.Module);
        }

        var (part, inner) = (PartOf(tensor.Module), Inner(tensor.Module));
        if (tensor.IsProcessor)
        {
            inner = part == PipelineParts.UNet ? OfProcessor(inner) : OfOldText(inner);
        }

        return ((string[])[$"{part}.{inner}", $"{part}.{TextModel}{inner}"]).FirstOrDefault(_layers.Contains);
    }

    // Where two layers have one name, it means neither.
    private void Add(string name, string layer) => _kohya[name] = _kohya.TryGetValue(name, out var other) && other != layer ? null : layer;

    private static string KohyaName(string layer, string inner) =>
        (PartOf(layer) == PipelineParts.UNet ? KohyaUNet : KohyaText) + inner.Replace('.', '_');

    private static string OfProcessor(string inner)
    {
        var name = inner.Replace(".processor.", ".", StringComparison.Ordinal);
        return name.EndsWith(".to_out", StringComparison.Ordinal) ? name + ".0" : name;
    }

    private static string OfOldText(string inner)
    {
        var (old, present) = Array.Find(_textProjections, pair => inner.EndsWith("." + pair.Old, StringComparison.Ordinal));
        return old is null ? inner : inner[..^old.Length] + present;
    }
}

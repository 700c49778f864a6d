using ResLora.Adapters.Methods.Loha;
using ResLora.Adapters.Methods.Lokr;
using ResLora.Formats.Errors;
using ResLora.Tensors;
using static TorchSharp.torch;

namespace ResLora.Adapters.LoraFiles;

/// <summary>
/// One file with a LoRA of a text-to-image model, as diffusers, kohya's scripts and LyCORIS write it (docs/formats.md): what its header and
/// its alphas say, known without the model. What its names mean is <see cref="LoraFileContents"/>' to find out.
/// </summary>
internal sealed class LoraFile
{
    /// <summary>The file's name in a folder, as diffusers writes it.</summary>
    public const string UsualName = "pytorch_lora_weights.safetensors";

    private const string Advice = "Such a file holds tensors named "
        + "'….lora_down.weight', '….lora.down.weight', '….lora_A.weight', '….hada_w1_a' or '….lokr_w1' and the like.";

    private readonly IReadOnlyDictionary<string, StoredTensor> _stored;

    private LoraFile(ITensorFile file, IReadOnlyList<LoraFileTensor> tensors)
    {
        (Path, Tensors, _stored) = (file.Path, tensors, file.Tensors);
        (Metadata, Alphas) = (LoraFileMetadata.Of(file.Path, file.Metadata), ReadAlphas(file, tensors));
        Format = tensors.Any(tensor => LoraFileLayers.IsKohya(tensor.Module)) ? LoraFileFormat.Kohya : LoraFileFormat.Diffusers;
    }

    public string Path { get; }

    public LoraFileFormat Format { get; }

    /// <summary>The tensors whose names can be a LoRA's.</summary>
    public IReadOnlyList<LoraFileTensor> Tensors { get; }

    /// <summary>What diffusers' header says; empty for other files.</summary>
    public LoraFileMetadata Metadata { get; }

    /// <summary>The alphas that are tensors, by the module's name in the file.</summary>
    public IReadOnlyDictionary<string, double> Alphas { get; }

    /// <summary>Names that no LoRA has.</summary>
    public IReadOnlyList<string> Strange { get; private init; } = [];

    /// <summary>Finds the file that a path means.</summary>
    /// <param name="path">A file, or a folder that may hold one.</param>
    /// <returns>The file's path, or null where there is none.</returns>
    public static string? Find(string path)
    {
        var usual = System.IO.Path.Combine(path, UsualName);
        string[] places = Directory.Exists(path) ? [usual, System.IO.Path.ChangeExtension(usual, ".bin")] : [path];
        return places.FirstOrDefault(File.Exists);
    }

    /// <summary>Reads the header and the alphas. Of a pickle nothing is run.</summary>
    /// <param name="path">The file.</param>
    /// <returns>What they say.</returns>
    /// <exception cref="FileFormatException">The file is broken, holds no LoRA, or an alpha is no number above 0.</exception>
    /// <exception cref="ConfigException">The header asks for what is not supported, or the file is for another kind of model.</exception>
    public static LoraFile Open(string path)
    {
        using var file = TensorFiles.OpenSafetensorsOrPickle(path);
        if (file.NotTensors.Order(StringComparer.Ordinal).FirstOrDefault() is { } other)
        {
            throw new FileFormatException($"{path}: '{other}' is no tensor that can be read: {file.Instead(other)}. {Advice}");
        }

        var parts = file.Tensors.Keys.Order(StringComparer.Ordinal)
            .Select(name => (Name: name, Tensor: LoraFileTensor.Of(name)))
            .ToArray();
        LoraFileTensor[] tensors = [.. parts.Select(part => part.Tensor).OfType<LoraFileTensor>()];
        string[] strange = [.. parts.Where(part => part.Tensor is null).Select(part => part.Name)];
        RequireKnownModel(path, file.Tensors.Keys);
        return tensors.Any(tensor => tensor.Factor != LoraFileTensor.Alpha)
            ? new LoraFile(file, tensors) { Strange = strange }
            : throw new FileFormatException(
                $"{path}: this file holds no LoRA{(strange.Length > 0 ? $" (its first tensor is '{strange[0]}')" : "")}. {Advice}");
    }

    /// <summary>The description of the file, as of an adapter folder.</summary>
    /// <returns>The description; its rank and alpha are those of most modules.</returns>
    /// <exception cref="FileFormatException">Blocks are of several methods, or have no rank.</exception>
    public AdapterDescription Describe()
    {
        var method = Method();
        var sizes = Tensors.GroupBy(tensor => tensor.Module, StringComparer.Ordinal)
            .Select(block => (Module: block.Key, Rank: LoraFileRank.Of(
                method, block.ToDictionary(tensor => tensor.Factor, tensor => _stored[tensor.Name].Shape, StringComparer.Ordinal))))
            .Where(block => block.Rank is > 0)
            .ToArray();
        if (sizes.Length == 0)
        {
            throw new FileFormatException($"{Path}: no block has a rank: the factors' shapes are none of {method.Title}'s.");
        }

        var rank = sizes.CountBy(block => block.Rank!.Value).MaxBy(count => count.Value).Key;
        var alpha = sizes.Where(block => block.Rank == rank)
            .CountBy(block => AlphaOf(block.Module, LoraFileLayers.PartOf(block.Module), LoraFileLayers.Inner(block.Module), rank))
            .MaxBy(count => count.Value).Key;
        var factors = Tensors.Select(tensor => tensor.Factor).ToHashSet(StringComparer.Ordinal);
        var config = new AdapterConfig
        {
            Method = method.Name,
            Rank = rank,
            Alpha = alpha,
            Targets = TargetModules.Suffixes(Tensors.Select(tensor => tensor.Module).Distinct(StringComparer.Ordinal)),
            Loha = factors.Contains("hada_t1") ? new LohaSettings { EffectiveConvolution = true } : null,
            Lokr = method is LokrMethod
                ? new LokrSettings { DecomposeBoth = factors.Contains("lokr_w1_a"), EffectiveConvolution = factors.Contains("lokr_t2") }
                : null,
        };
        var format = Format == LoraFileFormat.Kohya ? "kohya" : "diffusers";
        return new AdapterDescription(Path, format, config, null, Path, "") { LoraFile = this };
    }

    /// <summary>alpha of a module: its own tensor's, else what the header says, else its rank.</summary>
    /// <param name="module">The module's name in the file.</param>
    /// <param name="part">The network that it is in.</param>
    /// <param name="inner">Its dotted name there.</param>
    /// <param name="rank">Its rank.</param>
    /// <returns>alpha, with which the scaling is alpha / rank.</returns>
    public double AlphaOf(string module, string part, string inner, int rank) =>
        Alphas.TryGetValue(module, out var own) ? own : Metadata.AlphaOf(part, inner, rank) ?? rank;

    private AdapterMethod Method()
    {
        bool Has(string beginning) => Tensors.Any(tensor => tensor.Factor.StartsWith(beginning, StringComparison.Ordinal));
        string[] methods =
        [
            .. Has("hada_") ? ["loha"] : Array.Empty<string>(),
            .. Has("lokr_") ? ["lokr"] : Array.Empty<string>(),
            .. Has("lora_A") || Has("lora_B") ? [Has(LoraFileTensor.Magnitude) ? "dora" : "lora"] : Array.Empty<string>(),
        ];
        return methods.Length == 1
            ? AdapterMethods.Find(methods[0])!
            : throw new FileFormatException(
                $"{Path}: its blocks are of {(methods.Length == 0 ? "no method" : $"several methods ({string.Join(", ", methods)})")}; "
                + "a file with blocks of one method is needed (lora, dora, loha or lokr).");
    }

    private static void RequireKnownModel(string path, IEnumerable<string> names)
    {
        (string Beginning, string Model)[] others =
        [
            ("lora_te1_", "Stable Diffusion XL"), ("lora_te2_", "Stable Diffusion XL"), ("text_encoder_2.", "Stable Diffusion XL"),
            ("transformer.", "a diffusion transformer such as Flux"), ("lora_transformer_", "a diffusion transformer such as Flux"),
        ];
        foreach (var (beginning, model) in others)
        {
            var count = names.Count(name => name.StartsWith(beginning, StringComparison.Ordinal));
            if (count > 0)
            {
                throw new ConfigException(
                    $"{path}: {count} tensors begin with '{beginning}': this LoRA is for {model}, which is not supported; "
                    + "one for Stable Diffusion 1.x or 2.x is needed.");
            }
        }
    }

    private static Dictionary<string, double> ReadAlphas(ITensorFile file, IEnumerable<LoraFileTensor> tensors)
    {
        using var scope = NewDisposeScope();
        var alphas = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var tensor in tensors.Where(tensor => tensor.Factor == LoraFileTensor.Alpha))
        {
            var shape = file.Tensors[tensor.Name].Shape;
            if (shape.Any(side => side != 1))
            {
                throw new FileFormatException(
                    $"{file.Path}: '{tensor.Name}' is [{string.Join(", ", shape)}], and an alpha is one number.");
            }

            var alpha = file.Read(tensor.Name).to(float64).item<double>();
            if (!(alpha > 0) || !double.IsFinite(alpha))
            {
                throw new FileFormatException($"{file.Path}: '{tensor.Name}' is {alpha}; an alpha is above 0.");
            }

            alphas[tensor.Module] = alpha;
        }

        return alphas;
    }
}

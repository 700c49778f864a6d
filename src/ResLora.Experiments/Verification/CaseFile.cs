using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.AdaLora;
using ResLora.Adapters.Methods.Lokr;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Models;

namespace ResLora.Experiments.Verification;

/// <summary>The <c>case.json</c> of a conformance case (docs/verification.md).</summary>
internal sealed record CaseFile
{
    [JsonPropertyName("kind")]
    public string? Kind { get; init; }

    /// <summary>The method; a case without one is LoRA's, perhaps with shortcuts.</summary>
    [JsonPropertyName("method")]
    public string? Method { get; init; }

    [JsonPropertyName("structure")]
    public string? Structure { get; init; }

    [JsonPropertyName("rank")]
    public int Rank { get; init; }

    [JsonPropertyName("alpha")]
    public double Alpha { get; init; }

    /// <summary>The factor of the adapter's part; told, and held against the method's.</summary>
    [JsonPropertyName("scale")]
    public double? Scale { get; init; }

    /// <summary>Cases are computed without dropout.</summary>
    [JsonPropertyName("dropout")]
    public double Dropout { get; init; }

    [JsonPropertyName("m")]
    public int? PreviousCount { get; init; }

    [JsonPropertyName("first_block")]
    public string? FirstBlock { get; init; }

    [JsonPropertyName("targets")]
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>The rank that AdaLoRA's blocks begin with; told, and held against <see cref="Rank"/>.</summary>
    [JsonPropertyName("init_r")]
    public int? InitialRank { get; init; }

    /// <summary>Whether LoKr divides both of its factors; LoKr only.</summary>
    [JsonPropertyName("decompose_both")]
    public bool? DecomposesBoth { get; init; }

    /// <summary>The size of LoKr's first factor, -1 for a square one; LoKr only.</summary>
    [JsonPropertyName("decompose_factor")]
    public int? DecomposeFactor { get; init; }

    /// <summary>The ranks that a DyLoRA is run with; empty for other methods.</summary>
    [JsonPropertyName("b")]
    public IReadOnlyList<int> Ranks { get; init; } = [];

    /// <summary>The rank that a DyLoRA is calibrated and merged with.</summary>
    [JsonPropertyName("merge_b")]
    public int? MergedRank { get; init; }

    [JsonPropertyName("module")]
    public string? Module { get; init; }

    /// <summary>The steps of a convolution, by height and width; convolutions only, as are the next two.</summary>
    [JsonPropertyName("stride")]
    public JsonElement? Stride { get; init; }

    /// <summary>The zeros around a convolution's input.</summary>
    [JsonPropertyName("padding")]
    public JsonElement? Padding { get; init; }

    /// <summary>The steps between the numbers that a kernel reads.</summary>
    [JsonPropertyName("dilation")]
    public JsonElement? Dilation { get; init; }

    [JsonPropertyName("loss")]
    public string? Loss { get; init; }

    [JsonPropertyName("calibration")]
    public CalibrationPart? Calibration { get; init; }

    /// <summary>γ of the weights by the ratio of signal to noise; UNets only.</summary>
    [JsonPropertyName("snr_gamma")]
    public double? SignalLimit { get; init; }

    /// <summary>The chains by their names, where they are told; they are held against those that were found.</summary>
    [JsonPropertyName("chains")]
    public IReadOnlyDictionary<string, IReadOnlyList<IReadOnlyList<string>>>? Chains { get; init; }

    /// <summary>λ of the least-squares merge, as a share of the mean eigenvalue.</summary>
    [JsonPropertyName("ridge")]
    public double Ridge { get; init; } = MergeSettings.DefaultRidge;

    [JsonPropertyName("tolerance")]
    public required Dictionary<string, double> Tolerance { get; init; }

    /// <summary>Keys that are not known here.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement> Unread { get; init; } = [];

    /// <summary>The kind of a case with one linear layer; a case of a whole model has no kind.</summary>
    public const string LinearKind = "peft_linear";

    /// <summary>The kind of a case with one convolution in two dimensions.</summary>
    public const string ConvolutionKind = "peft_conv2d";

    /// <summary>The kind of a case with one embedding.</summary>
    public const string EmbeddingKind = "peft_embedding";

    /// <summary>The kind of a case with a whole model and a PEFT adapter.</summary>
    public const string AdapterKind = "peft_model";

    /// <summary>The kind of a case with a whole model and another method than LoRA.</summary>
    public const string MethodKind = "method_model";

    // Said for the reader of the file: the expected numbers, and the shapes of weights, decide.
    private static readonly string[] _notes =
        ["name", "pruned", "notes", "merges", "in", "out", "bias", "versions", "dtype", "model", "peft_backward_differs"];

    private static readonly string[] _convolutionNotes = ["kernel_size"];
    private static readonly string[] _embeddingNotes = ["num_embeddings", "embedding_dim"];

    /// <summary>Null where the type promises a value is an error of the file, not of whoever reads the value.</summary>
    private static readonly JsonSerializerOptions _json = new() { RespectNullableAnnotations = true };

    /// <summary>
    /// Reads case.json. What it asks for and is not known here is refused by name: taken for something known, it would pass or fail for
    /// nothing.
    /// </summary>
    /// <param name="folder">The case's folder.</param>
    /// <returns>The case.</returns>
    /// <exception cref="ConfigException">A kind, method, key or value is not supported.</exception>
    /// <exception cref="FileFormatException">The file breaks its format.</exception>
    public static CaseFile Read(string folder)
    {
        var path = Path.Combine(folder, "case.json");
        // The kind first, and the model's: of a kind that is not known, nothing else has to fit.
        var kind = CheckedJson.Deserialize<CaseKind>(path, _json).Kind;
        if (kind is not (null or LinearKind or ConvolutionKind or EmbeddingKind or AdapterKind or MethodKind))
        {
            throw new ConfigException($"cases of kind '{kind}' are not supported yet");
        }

        if (kind is null or MethodKind && ModelType(folder) is var type && !ModelRegistry.ModelTypes.Contains(type))
        {
            throw new ConfigException($"cases of models of type '{type}' are not supported yet");
        }

        var file = CheckedJson.Deserialize<CaseFile>(path, _json);
        var problems = file.Unsupported().ToArray();
        return problems.Length == 0 ? file : throw new ConfigException($"case.json: {string.Join("; ", problems)}");
    }

    private static string ModelType(string folder)
    {
        var path = Path.Combine(folder, "config.json");
        if (!File.Exists(path))
        {
            return "unknown";
        }

        using var config = CheckedJson.Read(path);
        return ModelRegistry.TypeOf(config.RootElement) ?? "unknown";
    }

    private IEnumerable<string> Unsupported()
    {
        foreach (var key in Unread.Keys.Except(_notes).Except(
            Kind switch { ConvolutionKind => _convolutionNotes, EmbeddingKind => _embeddingNotes, _ => [] }).Concat(
                Calibration?.Unread.Keys.Select(key => "calibration." + key) ?? []))
        {
            yield return $"the key '{key}' is not supported";
        }

        if (Method is not (null or "lora") && (Kind != MethodKind || AdapterMethods.Find(MethodName!) is null))
        {
            yield return $"the method '{Method}' is not supported";
            yield break;   // what else the case asks for is the method's
        }

        foreach (var problem in OfMethod().Concat(OfConvolution()))
        {
            yield return problem;
        }

        if (Structure is not (null or "lora" or "is" or "bs" or "ms"))
        {
            yield return $"the structure '{Structure}' is not supported (lora, is, bs and ms are)";
        }

        if (FirstBlock is not (null or "doubled" or "single"))
        {
            yield return $"first_block '{FirstBlock}' is not supported (doubled and single are)";
        }

        if (Loss is not (null or "causal_lm" or "cross_entropy" or "mse"))
        {
            yield return $"the loss '{Loss}' is not supported (causal_lm, cross_entropy and mse are)";
        }

        if (Calibration is { SecondMoments: not (null or "all batches") })
        {
            yield return $"calibration.second_moments '{Calibration.SecondMoments}' is not supported ('all batches' is)";
        }

        if (Dropout != 0)
        {
            yield return $"dropout {Dropout} is not supported (0 is)";
        }

        var usual = WithMethod(new AdapterConfig { Rank = Math.Max(1, Rank), Alpha = Alpha }).Scaling;
        if (Scale is { } scale && Math.Abs(scale - usual) > 1e-6 * Math.Abs(scale))
        {
            yield return $"the scale {scale} is not supported (the method's is, which is {usual})";
        }
    }

    /// <summary>What is not supported of the keys that belong to convolutions.</summary>
    private IEnumerable<string> OfConvolution()
    {
        // Other kinds of case have a padding, too, which is no pair of numbers.
        (string Key, JsonElement? Sizes)[] keys = [("stride", Stride), ("padding", Padding), ("dilation", Dilation)];
        return keys.Where(key => key.Sizes is { } sizes && (Kind != ConvolutionKind || PairOf(sizes) is null))
            .Select(key => $"the key '{key.Key}' is not supported (with the kind {ConvolutionKind} two numbers are)");
    }

    /// <summary>Two whole numbers; null for anything else.</summary>
    public static (long, long)? PairOf(JsonElement written) =>
        written.ValueKind == JsonValueKind.Array && written.GetArrayLength() == 2
            && written[0] is { ValueKind: JsonValueKind.Number } first && first.TryGetInt64(out var height)
            && written[1] is { ValueKind: JsonValueKind.Number } second && second.TryGetInt64(out var width)
            ? (height, width)
            : null;

    /// <summary>What is not supported of the keys that belong to one method.</summary>
    private IEnumerable<string> OfMethod()
    {
        (string Key, bool IsThere, string Owner)[] owned =
        [
            ("init_r", InitialRank is not null, "adalora"),
            ("decompose_both", DecomposesBoth is not null, "lokr"), ("decompose_factor", DecomposeFactor is not null, "lokr"),
            ("b", Ranks.Count > 0, "dylora"), ("merge_b", MergedRank is not null, "dylora"),
        ];
        foreach (var (key, _, owner) in owned.Where(o => o.IsThere && o.Owner != Method))
        {
            yield return $"the key '{key}' is not supported (with the method {owner} it is)";
        }

        if (InitialRank is { } initial && initial != Rank)
        {
            yield return $"init_r {initial} is not supported (the rank is, which is {Rank})";
        }
    }

    private string? MethodName => Method == "rslora" ? "lora" : Method;

    private AdapterConfig WithMethod(AdapterConfig config) => config with
    {
        Method = MethodName,
        RankStabilized = Method == "rslora",
        AdaLora = Method == "adalora" ? new AdaLoraConfig { OrthogonalWeight = 1 } : null,   // the penalty itself is expected
        Lokr = Method == "lokr"
            ? new LokrSettings { DecomposeBoth = DecomposesBoth ?? false, DecomposeFactor = DecomposeFactor ?? -1 }
            : null,
    };

    /// <summary>The calibration, which structures with approximate merges need.</summary>
    public CalibrationPart RequireCalibration() => Calibration is { Batches: >= 1, NormWindow: >= 1 }
        ? Calibration
        : throw new FileFormatException(
            $"case.json: structure '{Structure}' needs \"calibration\" with \"batches\" and \"norm_window\" of 1 or more.");

    /// <summary>The adapter that the case describes.</summary>
    public AdapterConfig Adapter() => WithMethod(new()
    {
        Rank = Rank,
        Alpha = Alpha,
        Targets = TargetModules.Suffixes(Targets),
        Shortcut = new ShortcutConfig
        {
            Kind = Structure switch
            {
                "lora" => ShortcutKind.None,
                "is" => ShortcutKind.Input,
                "bs" => ShortcutKind.Block,
                "ms" => ShortcutKind.Middle,
                _ => throw new FileFormatException("case.json: there is no \"structure\" (lora, is, bs or ms)."),
            },
            PreviousCount = PreviousCount ?? 1,
            FirstBlock = FirstBlock == "single" ? Adapters.FirstBlock.Once : Adapters.FirstBlock.Doubled,
        },
    });

    /// <summary>The tolerance of an expected quantity, which depends on its kind.</summary>
    public double ToleranceOf(string quantity)
    {
        // What a DyLoRA has of one rank is of the same kind as what others have: b.3.loss is a loss.
        var kind = KindOf(quantity.Split('.', 3) is ["b", _, var ofRank] ? ofRank : quantity);
        return Tolerance.TryGetValue(kind, out var value)
            ? value
            : throw new FileFormatException($"case.json: there is no tolerance '{kind}', which '{quantity}' needs.");
    }

    /// <summary>Cases of other networks than language models call the kind by another name.</summary>
    private string MergedOutputs => Tolerance.ContainsKey("merged_outputs") ? "merged_outputs" : "merged_logits";

    private string KindOf(string quantity)
    {
        var merged = quantity.StartsWith("merge.", StringComparison.Ordinal);
        return quantity switch
        {
            _ when quantity.StartsWith("grad.", StringComparison.Ordinal) => "gradients",
            _ when quantity.StartsWith("grad_orthogonal_penalty.", StringComparison.Ordinal) => "gradients",
            _ when quantity.StartsWith("merge.lstsq", StringComparison.Ordinal) => "lstsq",
            _ when merged && quantity.EndsWith(".logits", StringComparison.Ordinal) => MergedOutputs,
            _ when merged && quantity.EndsWith(".sample", StringComparison.Ordinal) => MergedOutputs,
            _ when merged && quantity.EndsWith(".loss", StringComparison.Ordinal) => MergedOutputs,
            _ when quantity.StartsWith("norm_", StringComparison.Ordinal) => "norms_and_alphas",
            _ when merged && quantity.Contains(".alpha.", StringComparison.Ordinal) => "norms_and_alphas",
            _ when merged => "merged_weights",
            "loss" or "loss_min_snr" or "orthogonal_penalty" => "loss",
            "noisy_latents" or "target" => "schedule",
            _ => "forward",
        };
    }

    internal sealed record CalibrationPart
    {
        [JsonPropertyName("batches")]
        public int Batches { get; init; }

        [JsonPropertyName("norm_window")]
        public int NormWindow { get; init; }

        [JsonPropertyName("second_moments")]
        public string? SecondMoments { get; init; }

        [JsonExtensionData]
        public Dictionary<string, JsonElement> Unread { get; init; } = [];
    }

    private sealed record CaseKind
    {
        [JsonPropertyName("kind")]
        public string? Kind { get; init; }
    }
}

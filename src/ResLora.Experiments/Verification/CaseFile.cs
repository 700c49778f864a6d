using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;

namespace ResLora.Experiments.Verification;

/// <summary>The <c>case.json</c> of a conformance case (docs/verification.md).</summary>
internal sealed record CaseFile
{
    [JsonPropertyName("kind")]
    public string? Kind { get; init; }

    [JsonPropertyName("structure")]
    public string? Structure { get; init; }

    [JsonPropertyName("rank")]
    public int Rank { get; init; }

    [JsonPropertyName("alpha")]
    public double Alpha { get; init; }

    [JsonPropertyName("m")]
    public int? PreviousCount { get; init; }

    [JsonPropertyName("first_block")]
    public string? FirstBlock { get; init; }

    [JsonPropertyName("targets")]
    public IReadOnlyList<string> Targets { get; init; } = [];

    [JsonPropertyName("module")]
    public string? Module { get; init; }

    [JsonPropertyName("loss")]
    public string? Loss { get; init; }

    [JsonPropertyName("calibration")]
    public CalibrationPart? Calibration { get; init; }

    /// <summary>λ of the least-squares merge, as a share of the mean eigenvalue.</summary>
    [JsonPropertyName("ridge")]
    public double Ridge { get; init; } = MergeSettings.DefaultRidge;

    [JsonPropertyName("tolerance")]
    public required Dictionary<string, double> Tolerance { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement> Unread { get; init; } = [];

    /// <summary>Null where the type promises a value is an error of the file, not of whoever reads the value.</summary>
    private static readonly JsonSerializerOptions _json = new() { RespectNullableAnnotations = true };

    public static CaseFile Read(string folder) => CheckedJson.Deserialize<CaseFile>(Path.Combine(folder, "case.json"), _json);

    /// <summary>The calibration, which structures with approximate merges need.</summary>
    public CalibrationPart RequireCalibration() => Calibration is { Batches: >= 1, NormWindow: >= 1 }
        ? Calibration
        : throw new FileFormatException($"case.json: structure '{Structure}' needs \"calibration\" with \"batches\" and \"norm_window\" of 1 or more.");

    /// <summary>The adapter that the case describes.</summary>
    public AdapterConfig Adapter() => new()
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
                _ => throw new FileFormatException($"case.json: structure '{Structure}' is not known (lora, is, bs, ms)."),
            },
            PreviousCount = PreviousCount ?? 1,
            FirstBlock = FirstBlock == "single" ? Adapters.FirstBlock.Once : Adapters.FirstBlock.Doubled,
        },
    };

    /// <summary>The tolerance of an expected quantity, which depends on its kind.</summary>
    public double ToleranceOf(string quantity)
    {
        var merged = quantity.StartsWith("merge.", StringComparison.Ordinal);
        var kind = quantity switch
        {
            _ when quantity.StartsWith("grad.", StringComparison.Ordinal) => "gradients",
            _ when quantity.StartsWith("merge.lstsq", StringComparison.Ordinal) => "lstsq",
            _ when merged && (quantity.EndsWith(".logits", StringComparison.Ordinal) || quantity.EndsWith(".loss", StringComparison.Ordinal)) => "merged_logits",
            _ when quantity.StartsWith("norm_", StringComparison.Ordinal) || (merged && quantity.Contains(".alpha.", StringComparison.Ordinal)) => "norms_and_alphas",
            _ when merged => "merged_weights",
            "loss" => "loss",
            _ => "forward",
        };
        return Tolerance.TryGetValue(kind, out var value)
            ? value
            : throw new FileFormatException($"case.json: there is no tolerance '{kind}', which '{quantity}' needs.");
    }

    internal sealed record CalibrationPart
    {
        [JsonPropertyName("batches")]
        public int Batches { get; init; }

        [JsonPropertyName("norm_window")]
        public int NormWindow { get; init; }
    }
}

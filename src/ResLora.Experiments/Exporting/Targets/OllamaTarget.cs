using System.Globalization;
using ResLora.Formats.Files;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>
/// The files for llama.cpp and a Modelfile that replays the training prompt: the prompt as it is, begun by the model's begin token,
/// ended by its end token. Ollama is given the merged model: its present versions take no adapters.
/// </summary>
internal sealed class OllamaTarget : IExportTarget
{
    private static readonly Dictionary<string, string> _parameters = new(StringComparer.Ordinal)
    {
        ["temperature"] = "temperature",
        ["top_p"] = "top_p",
        ["top_k"] = "top_k",
        ["min_p"] = "min_p",
        ["repetition_penalty"] = "repeat_penalty",
    };

    /// <inheritdoc />
    public string Name => "ollama";

    /// <inheritdoc />
    public bool NeedsAdapter => false;

    /// <inheritdoc />
    public IReadOnlyList<ExportType> Types => GgufFiles.Types;

    /// <inheritdoc />
    public ExportType DefaultType(ScalarType stored) => ExportTypes.Of(stored);

    /// <inheritdoc />
    public bool Holds(string moduleName) => true;

    /// <inheritdoc />
    public int ProofLength(ExportSource source) => GgufFiles.ProofLength(source);

    /// <inheritdoc />
    public IEnumerable<ExportFeature> Plan(ExportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var unquotable = Ends(source).Where(end => end.Token != source.Tokenizer.EndId && !Modelfile.CanQuote(end.Text)).Select(end => end.Text).ToArray();
        return
        [
            .. GgufFiles.Plan(source),
            Prompts(source),
            new("end tokens", FeatureState.Baked, $"stop texts: {string.Join(", ", Stops(source))}"),
            .. unquotable.Length == 0
                ? Array.Empty<ExportFeature>()
                : [new("further end tokens", FeatureState.Lost, $"{string.Join(", ", unquotable)}: a Modelfile cannot quote them")],
            new("generation settings", FeatureState.Baked, $"parameters: {string.Join(", ", Parameters(source).Select(p => $"{p.Name} {p.Value}"))}"),
        ];
    }

    /// <inheritdoc />
    public void Write(ExportGraph graph, string folder)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var source = graph.Source;
        GgufFiles.Write(graph, folder);
        AtomicFile.WriteText(
            Path.Combine(folder, Modelfile.FileName),
            Modelfile.Text(IsChat(source) ? null : Modelfile.RawTemplate, Stops(source), Parameters(source)));
    }

    /// <inheritdoc />
    public IEnumerable<ExportedModel> Open(string folder, ExportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return GgufFiles.Open(folder, source, Modelfile.Renderer(Path.Combine(folder, Modelfile.FileName)));
    }

    /// <inheritdoc />
    public IEnumerable<string> Next(ExportSource source, string folder)
    {
        yield return $"ollama create my-model -f {Path.Combine(folder, Modelfile.FileName)}";
        yield return "ollama run my-model \"...\"";
    }

    /// <summary>A model alone that brings a chat template is to be talked to with it; an adapter was trained without one.</summary>
    private static bool IsChat(ExportSource source) => source.Adapter is null && source.Tokenizer.ChatTemplate is not null;

    private static ExportFeature Prompts(ExportSource source) => (IsChat(source), source.Tokenizer.ChatTemplate) switch
    {
        (true, _) => new("chat template", FeatureState.Kept, $"in {GgufFiles.Model}; TEMPLATE is left out, so that Ollama looks among its own for the one that is like it"),
        (_, null) => new("prompt", FeatureState.Baked, $"TEMPLATE {Modelfile.RawTemplate}: as it is, and the proof encodes it as in training"),
        _ => new("prompt", FeatureState.Baked, $"TEMPLATE {Modelfile.RawTemplate}: training used no chat template, and the proof encodes it as in training"),
    };

    private static IEnumerable<string> Stops(ExportSource source) =>
        Ends(source).Select(end => end.Text).Where(Modelfile.CanQuote).Distinct(StringComparer.Ordinal);

    private static IEnumerable<(int Token, string Text)> Ends(ExportSource source) =>
        GenerationSettings.Read(source.ModelFolder).EndIds
            .Prepend(source.Tokenizer.EndId ?? -1)
            .Distinct()
            .Select(id => (id, source.Tokenizer.TokenOf(id)))
            .Where(end => end.Item2 is not null)
            .Select(end => (end.id, end.Item2!));

    private static List<(string Name, string Value)> Parameters(ExportSource source)
    {
        var settings = GenerationSettings.Read(source.ModelFolder).As(_parameters).ToList();
        if (source.Config is { } config)
        {
            settings.Add(("num_ctx", config.MaxPositions.ToString(CultureInfo.InvariantCulture)));
        }

        if (settings.All(s => s.Name != "repeat_penalty"))
        {
            // Ollama's own default would push answers away from the words of the prompt.
            settings.Add(("repeat_penalty", "1"));
        }

        return settings;
    }
}

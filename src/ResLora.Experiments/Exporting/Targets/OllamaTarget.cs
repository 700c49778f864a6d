using System.Globalization;
using ResLora.Experiments.Running;
using ResLora.Formats.Files;
using ResLora.Text.Data.Tasks;
using ResLora.Training.Generation;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>
/// The files for llama.cpp and a Modelfile that replays the training prompt: what the user asks, in the frame that training wrote around
/// it. Ollama is given the merged model: its present versions take no adapters.
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
        return
        [
            .. GgufFiles.Plan(source),
            Prompts(source),
            new(
                "end tokens",
                FeatureState.Baked,
                $"in {GgufFiles.Model}{(Stops(source) is [_, ..] stops ? $", and as stop texts: {string.Join(", ", stops)}" : "")}"),
            new(
                "generation settings",
                FeatureState.Baked,
                $"parameters: {string.Join(", ", Parameters(source).Select(p => $"{p.Name} {p.Value}"))}"),
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
            Modelfile.Text(
                IsChat(source) ? null : Modelfile.Template(Frame(source)) ?? Modelfile.RawTemplate, Stops(source), Parameters(source)));
    }

    /// <inheritdoc />
    public IEnumerable<ExportedModel> Open(string folder, ExportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var frame = IsChat(source) ? PromptFrame.None : Writable(source);
        return GgufFiles.Open(folder, source, frame, Modelfile.Renderer(Path.Combine(folder, Modelfile.FileName)));
    }

    /// <inheritdoc />
    public IEnumerable<string> Next(ExportSource source, string folder)
    {
        yield return $"ollama create my-model -f {Path.Combine(folder, Modelfile.FileName)}";
        yield return "ollama run my-model \"...\"";
    }

    /// <summary>
    /// What was trained with a chat template is to be talked to with it, and so is a model alone that brings one, unless it was trained
    /// here without.
    /// </summary>
    private static bool IsChat(ExportSource source) =>
        source is { Tokenizer.ChatTemplate: not null } and ({ Prompt.ChatTemplate: not null } or { Adapter: null, Prompt: null });

    private static PromptFrame Frame(ExportSource source) => source.Prompt?.Frame ?? PromptFrame.None;

    /// <summary>The frame as far as a Modelfile can hold it.</summary>
    private static PromptFrame Writable(ExportSource source) =>
        Modelfile.Template(Frame(source)) is null ? PromptFrame.None : Frame(source);

    private static ExportFeature Prompts(ExportSource source)
    {
        if (IsChat(source))
        {
            return new(
                "chat template",
                FeatureState.Kept,
                $"in {GgufFiles.Model}; TEMPLATE is left out, so that Ollama looks among its own for the one that is like it");
        }

        const string raw = $"TEMPLATE {Modelfile.RawTemplate}";
        var noChat = source.Tokenizer.ChatTemplate is null ? "" : "training used no chat template, and ";
        return source.Prompt switch
        {
            null when source.Adapter is null => new("prompt", FeatureState.Baked, $"{raw}: as it is"),
            null => new(
                "prompt",
                FeatureState.Baked,
                $"{raw}: as it is; how training wrote its prompts is not known ({TrainedPrompt.FileName} is missing)"),
            { Frame: null, Task: var task } => new(
                "prompt",
                FeatureState.Baked,
                $"{raw}: as it is; task {task} makes prompts of several columns, so write them out as it does (docs/tasks.md)"),
            { Frame: { } frame } when Modelfile.Template(frame) is null => new(
                "prompt",
                FeatureState.Lost,
                "training wrote around a prompt what a Modelfile cannot hold (braces, quotation marks or control characters)"),
            { Frame: { } frame, Task: var task } when frame != PromptFrame.None => new(
                "prompt",
                FeatureState.Baked,
                $"TEMPLATE writes around it what task {task} did in training, and the proof encodes it as in training"),
            _ => new("prompt", FeatureState.Baked, $"{raw}: as it is; {noChat}the proof encodes it as in training"),
        };
    }

    /// <summary>The texts of end tokens that stand for nothing else; the file names all of them.</summary>
    private static string[] Stops(ExportSource source) => [.. source.Tokenizer.Ends.Ids
        .Where(source.Tokenizer.IsSpecial)
        .Select(source.Tokenizer.TokenOf)
        .OfType<string>()
        .Where(Modelfile.CanQuote)
        .Distinct(StringComparer.Ordinal)];

    private static List<(string Name, string Value)> Parameters(ExportSource source)
    {
        var settings = SamplingSettings.Read(source.ModelFolder).As(_parameters).ToList();
        if (source.Causal is { } causal)
        {
            settings.Add(("num_ctx", causal.MaxPositions.ToString(CultureInfo.InvariantCulture)));
        }

        if (settings.All(s => s.Name != "repeat_penalty"))
        {
            // Ollama's own default would push answers away from the words of the prompt.
            settings.Add(("repeat_penalty", "1"));
        }

        return settings;
    }
}

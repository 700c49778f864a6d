using ResLora.Experiments.Running;
using ResLora.Formats.Gguf.Models;
using ResLora.Text.Data.Tasks;
using ResLora.Training.Generation;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>GGUF files for llama.cpp: the merged model with its tokenizer and chat template, and the adapter alone.</summary>
internal sealed class LlamaCppTarget : IExportTarget
{
    private static readonly Dictionary<string, string> _flags = new(StringComparer.Ordinal)
    {
        ["temperature"] = "--temp",
        ["top_p"] = "--top-p",
        ["top_k"] = "--top-k",
        ["min_p"] = "--min-p",
        ["repetition_penalty"] = "--repeat-penalty",
    };

    /// <inheritdoc />
    public string Name => "llama.cpp";

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
        var sampling = SamplingSettings.Read(source.ModelFolder);
        return
        [
            .. GgufFiles.Plan(source),
            .. source.Tokenizer.ChatTemplate is null
                ? Array.Empty<ExportFeature>()
                : [new("chat template", FeatureState.Kept, $"in {GgufFiles.Model}{Use(source)}")],
            .. sampling.Numbers.Count == 0
                ? Array.Empty<ExportFeature>()
                : [new("generation settings", FeatureState.Baked, "in the command lines; the file has no place for them")],
        ];
    }

    /// <inheritdoc />
    public void Write(ExportGraph graph, string folder)
    {
        ArgumentNullException.ThrowIfNull(graph);
        GgufFiles.Write(graph, folder);
    }

    /// <inheritdoc />
    public IEnumerable<ExportedModel> Open(string folder, ExportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return GgufFiles.Open(folder, source, PromptFrame.None, prompt => prompt);
    }

    /// <inheritdoc />
    public IEnumerable<string> Next(ExportSource source, string folder)
    {
        ArgumentNullException.ThrowIfNull(source);
        var sampling = string.Concat(SamplingSettings.Read(source.ModelFolder).As(_flags).Select(flag => $" {flag.Name} {flag.Value}"));
        var prompt = PromptText.ForLlamaCpp(source);
        yield return $"llama-completion -m {Path.Combine(folder, GgufFiles.Model)} {Mode(source)}{sampling} -p {prompt}";
        yield return $"llama-server -m {Path.Combine(folder, GgufFiles.Model)}{(source.Prompt?.ChatTemplate is null ? "" : " --jinja")}{sampling}";
        if (!GgufFiles.HasAdapter(source))
        {
            yield break;
        }

        var isFile = GgufFolder.IsOne(source.ModelFolder);
        if (!isFile)
        {
            yield return $"reslora export --model {source.ModelName} --to llama.cpp --output base-gguf";
        }

        var baseFile = isFile ? source.ModelFolder : Path.Combine("base-gguf", GgufFiles.Model);
        yield return $"llama-completion -m {baseFile} --lora {Path.Combine(folder, GgufFiles.Adapter)} {Mode(source)}{sampling} -p {prompt}";
    }

    private static string Use(ExportSource source) => source switch
    {
        { Adapter: null } => "",
        { Prompt.ChatTemplate: null } => "; training used none, so that prompts are given without it (-no-cnv)",
        { Prompt.ChatTemplate: TrainedPrompt.OwnTemplate } => "; training wrote its prompts with it",
        _ => $"; training wrote its prompts with another one, which {TrainedPrompt.FileName} beside the adapter holds: give it to llama.cpp (--chat-template-file)",
    };

    /// <summary>
    /// Has llama.cpp write a prompt as a conversation of one turn, where training did. Without --jinja it writes one of its own forms,
    /// which may lack what the template says by itself, such as a system prompt.
    /// </summary>
    private static string Mode(ExportSource source) => source.Prompt?.ChatTemplate is null ? "-no-cnv" : "--jinja -cnv -st";
}

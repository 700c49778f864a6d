using ResLora.Adapters;
using ResLora.Formats.Gguf;
using ResLora.Formats.Gguf.Models;
using ResLora.Models;
using ResLora.Text.Data.Tasks;
using ResLora.Training.Gguf;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>
/// The GGUF files of an export: <c>model.gguf</c>, merged, and with an adapter also <c>adapter.gguf</c>, the adapter alone.
/// </summary>
internal static class GgufFiles
{
    public const string Model = "model.gguf";
    public const string Adapter = "adapter.gguf";

    /// <summary>How the files can store weights.</summary>
    public static IReadOnlyList<ExportType> Types { get; } = [ExportType.F32, ExportType.F16, ExportType.BF16, ExportType.Q8];

    /// <summary>
    /// llama.cpp attends to all of a text where the model looks back over a window only: both are alike up to the window's length.
    /// </summary>
    public static int ProofLength(ExportSource source) => source.Causal?.ShortestWindow ?? int.MaxValue;

    /// <summary>The rows of a plan that follow from the format.</summary>
    public static IEnumerable<ExportFeature> Plan(ExportSource source)
    {
        var losses = GgufModelWriter.Losses(source.ModelFolder);
        return
        [
            .. Features.AddedToWeights(source),
            .. AdapterAlone(source),
            .. Features.Weights(source),
            .. Features.Head(source),
            new("tokenizer", FeatureState.Kept, "as the file's keys; the proof encodes prompts from them alone"),
            .. losses.Select(loss => new ExportFeature("behaviour of llama.cpp", FeatureState.Lost, loss.TrimEnd('.'))),
        ];
    }

    /// <summary>Whether the adapter gets a file of its own: one of blocks alone does.</summary>
    public static bool HasAdapter(ExportSource source) => source is { Adapter: not null, BesidesLora.Count: 0 };

    /// <summary>Writes the files.</summary>
    public static void Write(ExportGraph graph, string folder)
    {
        var source = graph.Source;
        graph.WithMerged(
            _ => GgufModelWriter.Write(Path.Combine(folder, Model), graph.Session.Causal, source.ModelFolder, Stored(source.Type)));
        if (HasAdapter(source))
        {
            using var scope = NewDisposeScope();
            GgufAdapterWriter.Write(
                Path.Combine(folder, Adapter), source.ModelFolder, AdapterStore.PortableBlocks(graph.Written), GgufWeightType.F32);
        }
    }

    /// <summary>Reads the files back: the merged model from its file alone, then the base model with the adapter's file.</summary>
    /// <param name="folder">The export.</param>
    /// <param name="source">What was exported.</param>
    /// <param name="frame">What training wrote around the text that a user gives to the tool.</param>
    /// <param name="render">Makes what the tool sends to the tokenizer out of that text.</param>
    public static IEnumerable<ExportedModel> Open(string folder, ExportSource source, PromptFrame frame, Func<string, string> render)
    {
        var read = GgufModelReader.Load(Path.Combine(folder, Model));
        yield return new ExportedModel(Model, source.Type, read.Model)
        {
            Replay = prompt =>
            {
                var asked = frame.Unwrap(prompt);
                return new TokenReplay(source.Tokenizer.EncodePrompt(frame.Wrap(asked)), read.Tokenizer.Encode(render(asked)));
            },
        };
        if (HasAdapter(source))
        {
            yield return new ExportedModel(Adapter, ExportType.F32, WithAdapter(folder, source));
        }
    }

    private static IEnumerable<ExportFeature> AdapterAlone(ExportSource source)
    {
        if (source.Adapter is not null)
        {
            yield return HasAdapter(source)
                ? new ExportFeature("adapter alone", FeatureState.Kept, $"{Adapter}, f32, scaling multiplied into B, for {(GgufFolder.IsOne(source.ModelFolder) ? Path.GetFileName(source.ModelFolder) : "a GGUF of the base model")}")
                : new ExportFeature(
                    "adapter alone",
                    FeatureState.Baked,
                    $"not written, since such a file has no place for {string.Join(", ", source.BesidesLora)}; {Model} has it all");
        }
    }

    private static CausalLanguageModel WithAdapter(string folder, ExportSource source)
    {
        var model = ModelRegistry.LoadCausal(source.ModelFolder, ScalarType.Float32);
        try
        {
            using var adapter = GgufAdapterReader.Read(Path.Combine(folder, Adapter), model);
            adapter.AddToModel();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static GgufWeightType Stored(ExportType type) => type switch
    {
        ExportType.F16 => GgufWeightType.F16,
        ExportType.BF16 => GgufWeightType.BF16,
        ExportType.Q8 => GgufWeightType.Q8,
        _ => GgufWeightType.F32,
    };
}

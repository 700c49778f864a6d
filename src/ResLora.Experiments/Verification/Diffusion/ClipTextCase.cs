using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Diffusion;

/// <summary>A text encoder with ids and its hidden states, layer by layer.</summary>
internal static class ClipTextCase
{
    private const string Input = "input_ids";

    public static bool IsOne(string folder) => DiffusionCases.TextOf(Path.Combine(folder, "config.json"), "model_type") == "clip_text_model"
        && DiffusionCases.TextOf(Path.Combine(folder, "case.json"), "kind") is null;

    public static CaseReport Run(string name, string folder)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var model = (PromptEncoder)ModelRegistry.Load(folder, float32);
        using var inputs = SafetensorsReader.Open(Path.Combine(folder, "inputs.safetensors"));
        var ids = Ids(inputs, model);
        var got = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        var layer = 0;
        model.RunLayer = (body, tensors) =>
        {
            if (layer == 0)
            {
                got["hidden_states.embeddings"] = tensors[0].alias().DetachFromDisposeScope();
            }

            var output = body(tensors);
            got[$"hidden_states.layer.{layer++}"] = output.alias().DetachFromDisposeScope();
            return output;
        };
        try
        {
            var hidden = got["last_hidden_state"] = model.Forward(ids);
            got["pooler_output"] = model.Pooled(hidden, ids);
            var tolerance = DiffusionCases.ToleranceOf(folder, "forward");
            return Comparison.Compare(name, DiffusionCases.Kind, folder, got, _ => tolerance);
        }
        finally
        {
            foreach (var value in got.Values)
            {
                value.Dispose();
            }
        }
    }

    /// <summary>Ids outside of the vocabulary would end in a trace of native frames.</summary>
    private static Tensor Ids(SafetensorsReader inputs, PromptEncoder model)
    {
        var ids = inputs.Read(Input);
        if (ids.dtype != int64 || ids.dim() != 2 || ids.NumberOfElements == 0)
        {
            throw new FileFormatException($"{inputs.Path}: '{Input}' must hold I64 numbers, a row for each text.");
        }

        var (low, high) = (ids.min().item<long>(), ids.max().item<long>());
        return low >= 0 && high < model.VocabularySize
            ? ids
            : throw new FileFormatException(
                $"{inputs.Path}: '{Input}' has numbers from {low} to {high}; expected 0 to {model.VocabularySize - 1}.");
    }
}

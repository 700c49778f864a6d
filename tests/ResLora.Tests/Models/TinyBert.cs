using System.Text.Json.Nodes;
using ResLora.Models;
using ResLora.Models.Bert;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using static TorchSharp.torch;

namespace ResLora.Tests.Models;

/// <summary>Encoders of a few thousand random weights, and token ids for them.</summary>
public static class TinyBert
{
    public const int VocabularySize = 29;

    /// <summary>Three layers, two heads, no dropout: training and evaluation give the same numbers.</summary>
    public static BertConfig Config(string family) => new()
    {
        ModelType = family,
        HiddenSize = 16,
        IntermediateSize = 24,
        LayerCount = 3,
        HeadCount = 2,
        VocabularySize = VocabularySize,
        PositionRows = 40,
        TypeCount = family == "bert" ? 2 : 1,
        NormEpsilon = 1e-5,
        HiddenDropout = 0,
        AttentionDropout = 0,
    };

    /// <summary>A model in evaluation mode with frozen weights.</summary>
    public static BertModel Create(string family, ModelHead? head = null, long seed = 1, BertConfig? config = null)
    {
        var model = new BertModel(config ?? Config(family), head ?? ModelHead.OfOutputs(2));
        ModelWeights.Initialize(model, 0.3, seed, ScalarType.Float32, CPU);
        foreach (var parameter in model.parameters())
        {
            parameter.requires_grad = false;
        }

        model.eval();
        return model;
    }

    /// <summary>A config.json of a tiny model.</summary>
    public static JsonObject Json(BertConfig config) => new()
    {
        ["model_type"] = config.ModelType,
        ["hidden_size"] = config.HiddenSize,
        ["intermediate_size"] = config.IntermediateSize,
        ["num_hidden_layers"] = config.LayerCount,
        ["num_attention_heads"] = config.HeadCount,
        ["vocab_size"] = config.VocabularySize,
        ["max_position_embeddings"] = config.PositionRows,
        ["type_vocab_size"] = config.TypeCount,
        ["layer_norm_eps"] = config.NormEpsilon,
        ["hidden_dropout_prob"] = config.HiddenDropout,
        ["attention_probs_dropout_prob"] = config.AttentionDropout,
        ["pad_token_id"] = config.PadId,
        ["a_key_of_somebody_else"] = "kept",
    };

    /// <summary>Writes a model's folder, with its tensors under other names or changed if need be.</summary>
    public static string Write(
        TemporaryFolder folder, BertModel model, Func<Dictionary<string, Tensor>, Dictionary<string, Tensor>>? change = null)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var json = Json(model.Config);
        model.Describe(json);
        folder.Write("config.json", json.ToJsonString());
        var tensors = model.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter);
        SafetensorsWriter.Write(folder["model.safetensors"], change is null ? tensors : change(tensors));
        return folder.Path;
    }

    /// <summary>Random token ids [batch, tokens] without special tokens.</summary>
    public static Tensor Ids(long batch, long tokens, long seed = 5)
    {
        using var generator = new Generator((ulong)seed, CPU);
        return randint(5, VocabularySize, [batch, tokens], dtype: ScalarType.Int64, generator: generator);
    }

    /// <summary>What the model predicts, without gradients.</summary>
    public static Tensor Predict(LanguageModel model, Tensor ids, Tensor? mask = null, Tensor? types = null)
    {
        using var noGradient = no_grad();
        return model.Predict(new TokenInput(ids, mask, types));
    }
}

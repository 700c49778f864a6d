using System.Text.Json;
using ResLora.Models;
using ResLora.Models.Llama;
using ResLora.Tests.Support;

namespace ResLora.Tests.Models;

/// <summary>Model folders of the tiny models.</summary>
public static class TinyFolders
{
    /// <summary>A config.json of a tiny model.</summary>
    public static string Json(LlamaConfig config) => JsonSerializer.Serialize(new Dictionary<string, object?>
    {
        ["model_type"] = config.ModelType,
        ["hidden_size"] = config.HiddenSize,
        ["intermediate_size"] = config.IntermediateSize,
        ["num_hidden_layers"] = config.LayerCount,
        ["num_attention_heads"] = config.HeadCount,
        ["num_key_value_heads"] = config.KeyValueHeadCount,
        ["head_dim"] = config.HeadSize,
        ["vocab_size"] = config.VocabularySize,
        ["max_position_embeddings"] = config.MaxPositions,
        ["tie_word_embeddings"] = config.TieWordEmbeddings,
        ["a_key_of_somebody_else"] = "kept",
    });

    /// <summary>Writes a model as a folder by way of a bare source folder.</summary>
    public static string Write(TemporaryFolder folder, LlamaModel model)
    {
        Directory.CreateDirectory(folder["source"]);
        File.WriteAllText(Path.Combine(folder["source"], "config.json"), Json(model.Config));
        File.WriteAllText(Path.Combine(folder["source"], "tokenizer.json"), "{}");
        ModelFolder.Write(model, folder["source"], folder["model"]);
        return folder["model"];
    }
}

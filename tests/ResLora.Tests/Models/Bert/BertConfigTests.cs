using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.Bert;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Models.Bert;

public sealed class BertConfigTests
{
    [Theory]
    [InlineData("""{ "model_type": "roberta", "vocab_size": 50, "max_position_embeddings": 514 }""", 1, 512)]
    [InlineData("""{ "model_type": "bert", "vocab_size": 50 }""", 0, 512)]
    public void Read_KeysLeftOut_TakeTheFamilysDefaults(string json, int pad, int longest)
    {
        var config = Read(json);

        Assert.Equal((pad, longest), (config.PadId, config.MaxPositions));
        Assert.Equal((768, 12, 12, 3072), (config.HiddenSize, config.LayerCount, config.HeadCount, config.IntermediateSize));
        Assert.Equal(["LABEL_0", "LABEL_1"], config.Head.Labels);
    }

    [Theory]
    [InlineData("""  "id2label": { "1": "yes", "0": "no", "2": "maybe" }  """, ModelHeadKind.Labels, "no yes maybe")]
    [InlineData("""  "architectures": [null]  """, ModelHeadKind.Labels, "LABEL_0 LABEL_1")]
    [InlineData("""  "num_labels": 1  """, ModelHeadKind.Score, "LABEL_0")]
    [InlineData("""  "num_labels": 3  """, ModelHeadKind.Labels, "LABEL_0 LABEL_1 LABEL_2")]
    [InlineData("""  "architectures": ["RobertaForMaskedLM"]  """, ModelHeadKind.MaskedTokens, "")]
    [InlineData("""  "architectures": ["RobertaForSequenceClassification"], "id2label": { "0": "score" }, "problem_type": "regression"  """, ModelHeadKind.Score, "score")]
    public void Head_OfAConfiguration_IsWhatItWasSavedFrom(string keys, ModelHeadKind kind, string labels)
    {
        var head = Read($$"""{ "model_type": "roberta", "vocab_size": 50, "max_position_embeddings": 514, {{keys}} }""").Head;

        Assert.Equal((kind, labels), (head.Kind, string.Join(' ', head.Labels)));
    }

    [Theory]
    [InlineData("\"hidden_size\": 30", "hidden_size (30) is not a multiple of num_attention_heads (4)")]
    [InlineData("\"num_hidden_layers\": 0", "num_hidden_layers is 0; it must be from 1 to 1000")]
    [InlineData("\"hidden_act\": \"tanh\"", "hidden_act 'tanh' is not supported")]
    [InlineData("\"position_embedding_type\": \"relative_key\"", "position_embedding_type 'relative_key' is not supported (absolute is)")]
    [InlineData("\"is_decoder\": true", "is_decoder is not supported")]
    [InlineData("\"pad_token_id\": 60", "pad_token_id is 60; it must be from 0 to 49")]
    [InlineData("\"max_position_embeddings\": 2", "which leaves none")]
    [InlineData("\"hidden_dropout_prob\": 1", "hidden_dropout_prob is 1")]
    [InlineData("\"layer_norm_eps\": 0", "layer_norm_eps is 0")]
    [InlineData("\"id2label\": { \"0\": \"a\", \"2\": \"b\" }", "not numbered 0 to 1")]
    [InlineData("\"id2label\": { \"0\": \"a\", \"1\": \"a\" }", "id2label gives two labels one name")]
    [InlineData("\"id2label\": { \"0\": \"a\", \"1\": null }", "id2label has a label without a name")]
    [InlineData("\"problem_type\": \"regression\", \"num_labels\": 3", "problem_type 'regression' with 3 outputs is not supported")]
    [InlineData("\"problem_type\": \"single_label_classification\", \"num_labels\": 1", "problem_type 'single_label_classification' with 1 output is not supported")]
    [InlineData("\"num_labels\": 0", "num_labels is 0")]
    [InlineData("\"problem_type\": \"multi_label_classification\"", "problem_type 'multi_label_classification' is not supported")]
    [InlineData("\"quantization_config\": {}", "quantised checkpoints are not supported")]
    [InlineData("\"tie_word_embeddings\": false", "tie_word_embeddings false is not supported")]
    [InlineData("\"pruned_heads\": { \"0\": [1] }", "pruned_heads is not supported")]
    [InlineData("\"architectures\": [\"RobertaForTokenClassification\"]", "TokenClassification")]
    [InlineData("\"architectures\": [\"RobertaForQuestionAnswering\"]", "QuestionAnswering")]
    [InlineData("\"architectures\": [\"RobertaForMultipleChoice\"]", "MultipleChoice")]
    [InlineData("\"architectures\": [\"RobertaForCausalLM\"]", "CausalLM")]
    public void Read_WhatCannotBeCarriedOut_IsNamed(string keys, string part)
    {
        var json = JsonNode.Parse("""{ "model_type": "roberta", "vocab_size": 50, "hidden_size": 32, "num_attention_heads": 4 }""")!.AsObject();
        foreach (var (key, value) in JsonNode.Parse($"{{ {keys} }}")!.AsObject())
        {
            json[key] = value?.DeepClone();
        }

        var error = Assert.Throws<ConfigException>(() => Read(json.ToJsonString()));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hidden_act")]
    [InlineData("hidden_size")]
    [InlineData("layer_norm_eps")]
    [InlineData("initializer_range")]
    [InlineData("model_type")]
    public void Read_NullWhereAValueIsNeeded_NamesTheKey(string key)
    {
        var json = JsonNode.Parse("""{ "model_type": "bert", "vocab_size": 50 }""")!.AsObject();
        json[key] = null;

        var error = Assert.Throws<FileFormatException>(() => Read(json.ToJsonString()));

        Assert.Contains(key, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""  "num_labels": 5  """, 1)]
    [InlineData("""  "num_labels": 2  """, 0)]
    public void Notes_NumberOfLabelsThatDoNotFitTheirNames_SayWhichHold(string keys, int count)
    {
        var config = Read($$"""{ "model_type": "bert", "vocab_size": 50, "id2label": { "0": "no", "1": "yes" }, {{keys}} }""");

        Assert.Equal(["no", "yes"], config.Head.Labels);
        Assert.Equal(count, config.Notes().Count());
    }

    private static BertConfig Read(string json)
    {
        using var folder = new TemporaryFolder();
        return BertConfig.Read(folder.Write("config.json", json));
    }
}

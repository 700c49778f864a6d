using System.Text.Json;

namespace ResLora.Text.Tokenization.Gguf;

/// <summary>
/// Writes the stages of a SentencePiece tokenizer with scores. The merges are for readers that know only those; the scores, which this
/// library reads, say what llama.cpp does with pairs of equal scores and with characters that are no tokens.
/// </summary>
internal static class SentencePieceJson
{
    private const string Blank = "▁";

    public static void Write(Utf8JsonWriter json, GgufVocabulary vocabulary)
    {
        var addsBlank = vocabulary.Flag("add_space_prefix", fallback: true);
        WriteNormalizer(json, addsBlank);
        json.WriteNull("pre_tokenizer");
        WriteDecoder(json, addsBlank);
        var scores = vocabulary.Scores();
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        if (vocabulary.Named("unknown", 0) is { } unknown)
        {
            json.WriteString("unk_token", vocabulary.Tokens[unknown]);
        }

        json.WriteBoolean("fuse_unk", true);
        json.WriteBoolean("byte_fallback", true);
        json.WriteBoolean("ignore_merges", false);
        VocabularyJson.Write(json, vocabulary);
        VocabularyJson.WriteMerges(json, [.. ScoredMerges.Of(vocabulary, scores)]);
        json.WriteStartArray("scores");
        foreach (var score in scores)
        {
            json.WriteNumberValue(score);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteNormalizer(Utf8JsonWriter json, bool addsBlank)
    {
        json.WriteStartObject("normalizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("normalizers");
        if (addsBlank)
        {
            json.WriteStartObject();
            json.WriteString("type", "Prepend");
            json.WriteString("prepend", Blank);
            json.WriteEndObject();
        }

        WriteReplace(json, " ", Blank);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteDecoder(Utf8JsonWriter json, bool addsBlank)
    {
        json.WriteStartObject("decoder");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("decoders");
        WriteReplace(json, Blank, " ");
        WriteStage(json, "ByteFallback");
        WriteStage(json, "Fuse");
        if (addsBlank)
        {
            json.WriteStartObject();
            json.WriteString("type", "Strip");
            json.WriteString("content", " ");
            json.WriteNumber("start", 1);
            json.WriteNumber("stop", 0);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteReplace(Utf8JsonWriter json, string from, string to)
    {
        json.WriteStartObject();
        json.WriteString("type", "Replace");
        json.WriteStartObject("pattern");
        json.WriteString("String", from);
        json.WriteEndObject();
        json.WriteString("content", to);
        json.WriteEndObject();
    }

    private static void WriteStage(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteEndObject();
    }
}

using System.Text.Json;

namespace ResLora.Text.Tokenization.Gguf;

/// <summary>Writes the stages of a byte-level tokenizer.</summary>
internal static class ByteLevelJson
{
    public static void Write(Utf8JsonWriter json, GgufVocabulary vocabulary, WordCuts cuts)
    {
        json.WriteNull("normalizer");
        WritePreTokenizer(json, cuts.Steps);
        WriteByteLevel(json, "decoder", words: true);
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", cuts.IgnoresMerges);
        VocabularyJson.Write(json, vocabulary);
        VocabularyJson.WriteMerges(json, vocabulary.Merges());
        json.WriteEndObject();
    }

    private static void WritePreTokenizer(Utf8JsonWriter json, IReadOnlyList<string> steps)
    {
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        foreach (var step in steps.Where(step => step != WordCuts.Gpt2Words))
        {
            json.WriteStartObject();
            if (step == WordCuts.SingleDigits)
            {
                json.WriteString("type", "Digits");
                json.WriteBoolean("individual_digits", true);
            }
            else
            {
                json.WriteString("type", "Split");
                json.WriteStartObject("pattern");
                json.WriteString("Regex", step);
                json.WriteEndObject();
                json.WriteString("behavior", "Isolated");
                json.WriteBoolean("invert", false);
            }

            json.WriteEndObject();
        }

        WriteByteLevel(json, null, words: steps[^1] == WordCuts.Gpt2Words);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteByteLevel(Utf8JsonWriter json, string? key, bool words)
    {
        if (key is null)
        {
            json.WriteStartObject();
        }
        else
        {
            json.WriteStartObject(key);
        }

        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", words);
        json.WriteEndObject();
    }
}

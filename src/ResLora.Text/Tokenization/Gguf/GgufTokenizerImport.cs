using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;

namespace ResLora.Text.Tokenization.Gguf;

/// <summary>
/// The tokenizer of a GGUF file as the files that a model's folder has for it, so that <see cref="Tokenizer"/> gives the ids that llama.cpp
/// gives. Models <c>gpt2</c> (byte-level, words by <c>tokenizer.ggml.pre</c>) and <c>llama</c> (SentencePiece with scores).
/// </summary>
public static class GgufTokenizerImport
{
    private const string ByteLevel = "gpt2";
    private const string SentencePiece = "llama";
    private const string Template = "tokenizer.chat_template";

    private static readonly JsonWriterOptions _json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // At these llama.cpp ends a text and takes them for special tokens, whatever type the file gives them.
    private static readonly string[] _endings =
    [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>",
        "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<｜end▁of▁sentence｜>",
    ];

    /// <summary>The text of tokenizer.json.</summary>
    /// <param name="file">The open file.</param>
    /// <returns>The text.</returns>
    /// <exception cref="FileFormatException">Keys are missing or do not fit each other.</exception>
    /// <exception cref="ConfigException">The kind of tokenizer, or the way it cuts words, is not known.</exception>
    public static string TokenizerJson(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var vocabulary = new GgufVocabulary(file);
        var cuts = Cuts(file);
        return Write(json =>
        {
            json.WriteString("version", "1.0");
            json.WriteNull("truncation");
            json.WriteNull("padding");
            WriteAddedTokens(json, vocabulary);
            if (cuts is null)
            {
                SentencePieceJson.Write(json, vocabulary);
            }
            else
            {
                ByteLevelJson.Write(json, vocabulary, cuts);
            }

            var (begin, end) = Around(vocabulary, cuts);
            WritePostProcessor(json, vocabulary, begin, end);
        });
    }

    /// <summary>The text of tokenizer_config.json, with the chat templates.</summary>
    /// <param name="file">The open file.</param>
    /// <returns>The text.</returns>
    /// <exception cref="FileFormatException">Keys are missing or do not fit each other.</exception>
    /// <exception cref="ConfigException">The kind of tokenizer, or the way it cuts words, is not known.</exception>
    public static string TokenizerConfigJson(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var vocabulary = new GgufVocabulary(file);
        var cuts = Cuts(file);
        var (begin, end) = Around(vocabulary, cuts);
        return Write(json =>
        {
            json.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
            json.WriteBoolean("add_bos_token", begin is not null);
            json.WriteBoolean("add_eos_token", end is not null);
            json.WriteBoolean("clean_up_tokenization_spaces", false);
            var isScored = cuts is null;
            WriteToken("bos_token", vocabulary.Named("bos", isScored ? 1 : null));
            WriteToken("eos_token", vocabulary.Named("eos", isScored ? 2 : null));
            WriteToken("unk_token", vocabulary.Named("unknown", isScored ? 0 : null));
            WriteToken("pad_token", vocabulary.Named("padding"));
            WriteToken("sep_token", vocabulary.Named("seperator"));
            WriteToken("mask_token", vocabulary.Named("mask"));
            WriteTemplates(json, file);

            void WriteToken(string name, int? id)
            {
                if (id is { } known)
                {
                    json.WriteString(name, vocabulary.Tokens[known]);
                }
            }
        });
    }

    private static WordCuts? Cuts(GgufFile file) => file.Require<string>("tokenizer.ggml.model") switch
    {
        SentencePiece => null,
        ByteLevel => WordCuts.Require(file.TryGet<string>("tokenizer.ggml.pre", out var name) ? name : null, file.Path),
        var other => throw new ConfigException(
            $"'{file.Path}': tokenizer.ggml.model is '{other}'; tokenizers of the models {SentencePiece} and {ByteLevel} are supported."),
    };

    // The tokens around a text. A llama tokenizer has its begin token in front unless the file says otherwise.
    private static (int? Begin, int? End) Around(GgufVocabulary vocabulary, WordCuts? cuts)
    {
        return (
            vocabulary.Adds("bos", cuts?.AddsBegin ?? true) ? Required("bos", 1) : null,
            vocabulary.Adds("eos", false) ? Required("eos", 2) : null);

        int Required(string name, int usual) => vocabulary.Named(name, cuts is null ? usual : null) ?? throw new FileFormatException(
            $"'{vocabulary.File}' has no key 'tokenizer.ggml.{name}_token_id', and such a token stands around every text.");
    }

    private static void WriteAddedTokens(Utf8JsonWriter json, GgufVocabulary vocabulary)
    {
        json.WriteStartArray("added_tokens");
        foreach (var (id, token) in vocabulary.Tokens.Index())
        {
            var type = vocabulary.TypeOf(id);
            var isSpecial = type is GgufTokenType.Control or GgufTokenType.Unknown || _endings.Contains(token, StringComparer.Ordinal);
            if (isSpecial || type == GgufTokenType.UserDefined)
            {
                json.WriteStartObject();
                json.WriteNumber("id", id);
                json.WriteString("content", token);
                foreach (var flag in new[] { "single_word", "lstrip", "rstrip", "normalized" })
                {
                    json.WriteBoolean(flag, false);
                }

                json.WriteBoolean("special", isSpecial);
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
    }

    private static void WritePostProcessor(Utf8JsonWriter json, GgufVocabulary vocabulary, int? begin, int? end)
    {
        if (begin is null && end is null)
        {
            json.WriteNull("post_processor");
            return;
        }

        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        WriteSequence("single", "A");
        WriteSequence("pair", "A", "B");
        json.WriteStartObject("special_tokens");
        foreach (var id in new[] { begin, end }.OfType<int>().Distinct())
        {
            var token = vocabulary.Tokens[id];
            json.WriteStartObject(token);
            json.WriteString("id", token);
            json.WriteStartArray("ids");
            json.WriteNumberValue(id);
            json.WriteEndArray();
            json.WriteStartArray("tokens");
            json.WriteStringValue(token);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();

        void WriteSequence(string name, params string[] texts)
        {
            json.WriteStartArray(name);
            foreach (var text in texts)
            {
                WritePart("SpecialToken", begin is { } first ? vocabulary.Tokens[first] : null);
                WritePart("Sequence", text);
                WritePart("SpecialToken", end is { } last ? vocabulary.Tokens[last] : null);
            }

            json.WriteEndArray();
        }

        void WritePart(string kind, string? id)
        {
            if (id is not null)
            {
                json.WriteStartObject();
                json.WriteStartObject(kind);
                json.WriteString("id", id);
                json.WriteNumber("type_id", 0);
                json.WriteEndObject();
                json.WriteEndObject();
            }
        }
    }

    // One template is a text, several are a list with names.
    private static void WriteTemplates(Utf8JsonWriter json, GgufFile file)
    {
        var main = file.TryGet<string>(Template, out var found) ? found : null;
        var names = file.TryGet<string[]>("tokenizer.chat_templates", out var listed) ? listed : [];
        if (names.Length == 0)
        {
            if (main is not null)
            {
                json.WriteString("chat_template", main);
            }

            return;
        }

        json.WriteStartArray("chat_template");
        if (main is not null)
        {
            WriteOne("default", main);
        }

        foreach (var name in names)
        {
            WriteOne(name, file.Require<string>($"{Template}.{name}"));
        }

        json.WriteEndArray();

        void WriteOne(string name, string template)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("template", template);
            json.WriteEndObject();
        }
    }

    private static string Write(Action<Utf8JsonWriter> content)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, _json))
        {
            json.WriteStartObject();
            content(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}

using System.Globalization;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Gguf;

/// <summary>
/// Writes a tokenizer as the keys that llama.cpp reads. What llama.cpp would encode otherwise is refused where it concerns ordinary texts
/// and named where it concerns rare ones.
/// </summary>
public static class GgufTokenizerExport
{
    // llama.cpp's kinds of tokens.
    private const int Normal = 1;
    private const int Unknown = 2;
    private const int Control = 3;
    private const int UserDefined = 4;
    private const int Unused = 5;
    private const int Byte = 6;

    private const float UnusedScore = -1000;

    // Beside its main end token a file names two more by these keys; llama.cpp ends a text at any of them.
    private static readonly string[] _furtherEnds = ["eot", "eom"];

    // Texts of tokens at which llama.cpp ends a text, whatever the file says.
    private static readonly string[] _knownEnds = ["<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>"];

    /// <summary>Adds the tokenizer's keys.</summary>
    /// <param name="metadata">Where they go.</param>
    /// <param name="modelFolder">The folder of tokenizer.json and the files beside it.</param>
    /// <param name="vocabularySize">The model's rows; those without a token become unused tokens.</param>
    /// <returns>What llama.cpp does otherwise, a sentence each.</returns>
    /// <exception cref="FileFormatException">A file is missing or broken, or tokens of the tokenizer's own vocabulary have no row in the
    /// model.</exception>
    /// <exception cref="ConfigException">llama.cpp has nothing that encodes like this tokenizer.</exception>
    public static IReadOnlyList<string> Write(GgufMetadata metadata, string modelFolder, int vocabularySize)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(modelFolder);
        var json = TokenizerJson.Read(Path.Combine(modelFolder, "tokenizer.json")).WithConfiguredTokens(modelFolder);
        RequireForm(json);
        var tokenizer = Tokenizer.Load(modelFolder);
        if (json.Model.Vocabulary.Any(token => token.Value >= vocabularySize))
        {
            throw new FileFormatException($"{json.File}: the tokenizer has {json.VocabularySize} tokens and the model {vocabularySize}; they do not belong together.");
        }

        if (tokenizer.EndId is not { } end)
        {
            throw new ConfigException($"{modelFolder}: {tokenizer.Ends.Absence}, and llama.cpp would take an ordinary token for it.");
        }

        var losses = new List<string>();
        if (json.Model.ByteFallback)
        {
            WriteSentencePiece(metadata, json, vocabularySize, losses);
        }
        else
        {
            WriteByteLevel(metadata, json, vocabularySize, losses);
        }

        var begin = Begin(tokenizer, json.File);
        AddId(metadata, "bos", begin ?? tokenizer.BeginId);
        AddId(metadata, "eos", end);
        AddFurtherEnds(metadata, tokenizer, end, losses);
        AddId(metadata, "unknown", json.Model.UnknownToken is { } unknown ? json.IdOf(unknown) : null);
        AddId(metadata, "padding", tokenizer.PadId);
        metadata.Add("tokenizer.ggml.add_bos_token", begin is not null);
        // A prompt that ended could not go on; llama.cpp breaks off where a file asks for it.
        metadata.Add("tokenizer.ggml.add_eos_token", false);
        if (tokenizer.ChatTemplate is { } template)
        {
            metadata.Add("tokenizer.chat_template", template);
        }

        losses.AddRange(json.AddedTokens
            .Where(token => token.Id >= vocabularySize)
            .Select(token => $"The token '{token.Content}' is left out: the model has no row for it."));
        losses.AddRange(json.AddedTokens
            .Where(token => token.SingleWord || token.StripLeft || token.StripRight)
            .Select(token => $"llama.cpp takes the token '{token.Content}' out of a text without the blanks or word ends around it."));
        return losses;
    }

    private static void RequireForm(TokenizerJson json)
    {
        var model = json.Model;
        var missing = model.Type != TokenizerJsonModel.Bpe ? $"model type {model.Type}"
            : model.ContinuingPrefix.Length > 0 ? $"continuing_subword_prefix '{model.ContinuingPrefix}'"
            : model.EndOfWordSuffix.Length > 0 ? $"end_of_word_suffix '{model.EndOfWordSuffix}'"
            : null;
        if (missing is not null)
        {
            throw new ConfigException(
                $"{json.File}: {missing} has no form in GGUF that is known here; the model cannot be written as GGUF.");
        }
    }

    private static void WriteSentencePiece(GgufMetadata metadata, TokenizerJson json, int vocabularySize, List<string> losses)
    {
        var addsBlank = SentencePieceBlanks.AddsBlank(json, losses);
        var scores = SentencePieceScores.Of(json);
        metadata.Add("tokenizer.ggml.model", "llama");
        metadata.Add("tokenizer.ggml.pre", "default");
        AddTokens(metadata, json, vocabularySize);
        metadata.Add("tokenizer.ggml.scores", [.. Enumerable.Range(0, vocabularySize)
            .Select(id => json.TokenOf(id) is { } token ? scores(token) : UnusedScore)]);
        metadata.Add("tokenizer.ggml.add_space_prefix", addsBlank);
    }

    private static void WriteByteLevel(GgufMetadata metadata, TokenizerJson json, int vocabularySize, List<string> losses)
    {
        metadata.Add("tokenizer.ggml.model", "gpt2");
        metadata.Add("tokenizer.ggml.pre", PreTokenizerName.Of(json, losses));
        AddTokens(metadata, json, vocabularySize);
        metadata.Add("tokenizer.ggml.merges", Merges(json));
    }

    private static void AddTokens(GgufMetadata metadata, TokenizerJson json, int vocabularySize)
    {
        var added = json.AddedTokens.ToDictionary(token => token.Id);
        var tokens = new List<string>(vocabularySize);
        var kinds = new List<int>(vocabularySize);
        for (var id = 0; id < vocabularySize; id++)
        {
            var token = json.TokenOf(id);
            tokens.Add(token ?? Filler(json, id));
            kinds.Add(token switch
            {
                null => Unused,
                _ when token == json.Model.UnknownToken => Unknown,
                _ when added.TryGetValue(id, out var entry) => entry.Special ? Control : UserDefined,
                _ when json.Model.ByteFallback && SentencePieceScores.IsByte(token) => Byte,
                _ => Normal,
            });
        }

        metadata.Add("tokenizer.ggml.tokens", tokens);
        metadata.Add("tokenizer.ggml.token_type", kinds);
    }

    // llama.cpp refuses a token that stands twice.
    private static string Filler(TokenizerJson json, int id)
    {
        var filler = string.Create(CultureInfo.InvariantCulture, $"[PAD{id}]");
        while (json.IdOf(filler) is not null)
        {
            filler += "_";
        }

        return filler;
    }

    private static List<string> Merges(TokenizerJson json)
    {
        // A pair that stands twice counts at its last place here and at its first in llama.cpp: only the last is written.
        var seen = new HashSet<(string, string)>();
        var merges = new List<string>();
        foreach (var (left, right) in json.Model.Merges.Reverse().Where(seen.Add))
        {
            if (left.Contains(' ', StringComparison.Ordinal) || right.Contains(' ', StringComparison.Ordinal))
            {
                throw new ConfigException($"{json.File}: the merge of '{left}' and '{right}' holds a blank, which GGUF cannot write.");
            }

            merges.Add($"{left} {right}");
        }

        merges.Reverse();
        return merges;
    }

    /// <summary>The token in front of a text; null for none.</summary>
    private static int? Begin(Tokenizer tokenizer, string file) => tokenizer.Before switch
    {
        [] => null,
        [var only] => only,
        var more => throw new ConfigException($"{file}: {more.Count} tokens stand in front of a text, and GGUF can say one."),
    };

    private static void AddFurtherEnds(GgufMetadata metadata, Tokenizer tokenizer, int end, List<string> losses)
    {
        // Those that llama.cpp does not know by themselves come first.
        var further = tokenizer.Ends.Ids.Where(id => id != end).OrderBy(id => _knownEnds.Contains(tokenizer.TokenOf(id))).ToArray();
        foreach (var (name, id) in _furtherEnds.Zip(further))
        {
            AddId(metadata, name, id);
        }

        losses.AddRange(further.Skip(_furtherEnds.Length)
            .Where(id => !_knownEnds.Contains(tokenizer.TokenOf(id)))
            .Select(
                id => $"llama.cpp does not end a text at the token '{tokenizer.TokenOf(id)}' (id {id}): a file names three end tokens."));
    }

    private static void AddId(GgufMetadata metadata, string name, int? id)
    {
        if (id is { } known)
        {
            metadata.Add($"tokenizer.ggml.{name}_token_id", (uint)known);
        }
    }
}

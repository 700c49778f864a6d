using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization;

/// <summary>
/// Prompts as a text encoder of Stable Diffusion reads them: ids of one length, a begin token in front, an end token behind, and filled up
/// with the padding token. Safe for use by several threads at once.
/// </summary>
public sealed class ClipTokenizer
{
    private const string ConfigFile = "tokenizer_config.json";
    private const string LengthKey = "model_max_length";

    // A tokenizer without a limit is saved with 10³⁰; text encoders have 77 positions, those for long texts some hundreds.
    private const int LongestLength = 1 << 20;

    private readonly Tokenizer _tokenizer;

    private ClipTokenizer(Tokenizer tokenizer, int length, int padId) => (_tokenizer, Length, PadId) = (tokenizer, length, padId);

    /// <summary>How many ids every prompt has: <c>model_max_length</c>, for Stable Diffusion 77.</summary>
    public int Length { get; }

    /// <summary>The token that fills up a prompt: for Stable Diffusion 1 the end token, for 2 that of <c>!</c>.</summary>
    public int PadId { get; }

    /// <summary>The token in front of a prompt.</summary>
    public int BeginId => _tokenizer.Before[0];

    /// <summary>The token behind a prompt.</summary>
    public int EndId => _tokenizer.After[0];

    /// <summary>The highest id plus one, added tokens included; a text encoder must have as many rows.</summary>
    public int VocabularySize => _tokenizer.VocabularySize;

    /// <summary>
    /// Loads tokenizer.json, or in a folder without one vocab.json with merges.txt; beside it tokenizer_config.json,
    /// special_tokens_map.json and added_tokens.json where they are.
    /// </summary>
    /// <param name="folder">The tokenizer's folder.</param>
    /// <param name="positions">
    /// How many tokens the text encoder takes: the length where tokenizer_config.json names none, and otherwise the most that it may name.
    /// Null when it is not known.
    /// </param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="FileFormatException">
    /// A file is missing, breaks its format or asks for something that is not supported; the tokens around a text are not CLIP's; or no
    /// length is known.
    /// </exception>
    public static ClipTokenizer Load(string folder, int? positions = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var tokenizer = Tokenizer.Load(folder);
        if ((tokenizer.Before.Count, tokenizer.After.Count) is not (1, 1))
        {
            throw new FileFormatException(
                $"{folder}: the tokenizer puts {tokenizer.Before.Count} tokens in front of a text and {tokenizer.After.Count} behind it; "
                + "CLIP's has one of each. Take the tokenizer that goes with the text encoder.");
        }

        var path = Path.Combine(folder, ConfigFile);
        var config = File.Exists(path) ? TokenizerJsonComponent.ReadFile(path) : null;
        if (config?.ChildOrNull("padding_side") is { } side && side.AsText() is not "right" and var name)
        {
            throw side.Error($"the side '{name}' is not supported: prompts are filled up on the right");
        }

        var pad = tokenizer.PadId ?? throw new FileFormatException(
            $"{folder}: no file names a pad_token, which fills up prompts; name one in {ConfigFile}.");
        return new ClipTokenizer(tokenizer, LengthOf(folder, config, positions), pad);
    }

    /// <summary>Encodes a prompt as the text encoder gets it.</summary>
    /// <param name="text">The prompt; empty for none.</param>
    /// <returns><see cref="Length"/> ids; of a longer prompt the begin, with the end token last.</returns>
    /// <exception cref="FileFormatException">A pattern of the tokenizer takes too long on this text.</exception>
    public int[] Encode(string text)
    {
        var ids = new int[Length];
        Array.Fill(ids, PadId);
        _tokenizer.EncodeTexts(text, maxLength: Length).Ids.CopyTo(ids, 0);
        return ids;
    }

    /// <summary>Encodes a prompt without cutting it or filling it up.</summary>
    /// <param name="text">The prompt.</param>
    /// <returns>All of its ids, those around it included.</returns>
    /// <exception cref="FileFormatException">A pattern of the tokenizer takes too long on this text.</exception>
    public IReadOnlyList<int> EncodeWhole(string text) => _tokenizer.Encode(text);

    /// <summary>
    /// How many ids a prompt has, those around it included; what is above <see cref="Length"/> is cut off by <see cref="Encode"/>.
    /// </summary>
    /// <param name="text">The prompt.</param>
    /// <returns>The number.</returns>
    /// <exception cref="FileFormatException">A pattern of the tokenizer takes too long on this text.</exception>
    public int Count(string text) => EncodeWhole(text).Count;

    /// <summary>The token of an id, to show what a prompt was read as.</summary>
    /// <param name="id">The id.</param>
    /// <returns>The token as the file writes it, or null when the id is unused.</returns>
    public string? TokenOf(int id) => _tokenizer.TokenOf(id);

    private static int LengthOf(string folder, TokenizerJsonComponent? config, int? positions)
    {
        const int shortest = 3;   // a token between those around it
        var written = config?.ChildOrNull(LengthKey);
        if (written is null || written.AsReal() > LongestLength)
        {
            return positions is { } known and >= shortest
                ? known
                : throw new FileFormatException(
                    $"{folder}: {ConfigFile} names no {LengthKey}, and the text encoder's max_position_embeddings "
                    + (positions is null ? "is not known" : $"is {positions}")
                    + $"; write the length of prompts there, {shortest} or more.");
        }

        var length = written.AsNumber();
        return length < shortest
            ? throw written.Error($"found {length}, expected {shortest} or more")
            : length > positions
                ? throw written.Error(
                    $"found {length}, but the text encoder takes {positions} tokens (max_position_embeddings); they do not belong together")
                : length;
    }
}

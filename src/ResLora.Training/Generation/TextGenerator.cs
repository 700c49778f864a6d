using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data.Chat;
using ResLora.Text.Tokenization;
using ResLora.Training.Evaluation;

namespace ResLora.Training.Generation;

/// <summary>
/// Continues texts. Prompts get what the tokenizer puts in front (<see cref="Tokenizer.Before"/>), and a text ends at any of its end tokens
/// (<see cref="Tokenizer.Ends"/>); what comes back is the continuation alone.
/// </summary>
/// <param name="model">The model, borrowed; computes in evaluation mode while a token is made and is as before in between.</param>
/// <param name="tokenizer">The model's tokenizer.</param>
public sealed class TextGenerator(CausalLanguageModel model, Tokenizer tokenizer)
{
    private HashSet<int> _ends = [.. tokenizer.Ends.Ids];

    /// <summary>
    /// What wrote the prompts, where they are conversations: their special tokens stand in them, and a text ends at the template's
    /// end-of-turn token, too. Null for prompts as they are.
    /// </summary>
    public ChatEncoder? Chat
    {
        get;
        init
        {
            field = value;
            _ends = [.. value?.Ends ?? tokenizer.Ends.Ids];
        }
    }

    /// <summary>Keeps what single texts share with the one before; null computes each from its start. Borrowed.</summary>
    public PromptCache? Cache { get; init; }

    /// <summary>Continues one text, piece by piece as it comes; no piece ends inside a character.</summary>
    /// <param name="prompt">The text so far.</param>
    /// <param name="config">Length and choice of tokens.</param>
    /// <param name="stop">Ends the text after the token in hand.</param>
    /// <returns>The pieces of the continuation, which end in a <see cref="NotFiniteException"/> where the model's scores are no numbers. It
    /// ends at an end token, at the limit, or at the model's last position.</returns>
    /// <exception cref="ConfigException">The settings have problems, or the prompt is empty or fills all positions.</exception>
    public IEnumerable<string> Stream(string prompt, GenerationConfig config, CancellationToken stop = default)
    {
        Check(config);
        return Pieces(Encode(prompt), config, stop);
    }

    /// <summary>Continues several texts at once, greedily each as if it were alone (up to rounding).</summary>
    /// <param name="prompts">The texts so far; fastest when alike in length.</param>
    /// <param name="config">Length and choice of tokens.</param>
    /// <param name="stop">Ends generation between two tokens.</param>
    /// <returns>The continuations, in the order of the prompts.</returns>
    /// <exception cref="ConfigException">The settings have problems, or a prompt is empty or fills all positions.</exception>
    /// <exception cref="NotFiniteException">The model's scores are no numbers.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public IReadOnlyList<string> GenerateBatch(IReadOnlyList<string> prompts, GenerationConfig config, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        Check(config);
        if (prompts.Count == 0)
        {
            return [];
        }

        var encoded = prompts.Select(Encode).ToArray();
        var limits = encoded.Select(ids => Room(ids, config)).ToArray();
        var generated = encoded.Select(_ => new List<int>()).ToArray();
        int[] growing = [.. Enumerable.Range(0, prompts.Count)];
        using var batch = new DecodingBatch(model, encoded, tokenizer.PadId ?? 0, limits.Max(), config);
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            var chosen = batch.Next();
            int[] places = [.. Enumerable.Range(0, growing.Length).Where(place => Grows(growing[place], chosen[place]))];
            if (places.Length == 0)
            {
                return [.. encoded.Zip(generated, Decode)];
            }

            if (places.Length < growing.Length)
            {
                batch.Keep(places);
                growing = [.. places.Select(place => growing[place])];
            }
        }

        // Whether a text goes on behind a token.
        bool Grows(int row, int id)
        {
            if (_ends.Contains(id))
            {
                return false;
            }

            generated[row].Add(id);
            return generated[row].Count < limits[row];
        }
    }

    /// <summary>Whether the model has a position left for a first new token behind a prompt.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <returns>False when the prompt fills all positions.</returns>
    public bool HasRoomFor(string prompt) => Encode(prompt).Count < model.MaxPositions;

    private static void Check(GenerationConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var problems = config.Problems().ToArray();
        if (problems.Length > 0)
        {
            throw new ConfigException($"generation: {string.Join("; ", problems)}.");
        }
    }

    private IEnumerable<string> Pieces(IReadOnlyList<int> prompt, GenerationConfig config, CancellationToken stop)
    {
        var decoder = tokenizer.CreateStreamingDecoder();
        decoder.Add(prompt);
        var room = Room(prompt, config);
        using var batch = new DecodingBatch(model, [prompt], 0, room, config, Cache?.Begin(prompt, room));
        try
        {
            for (var i = 0; i < room && !stop.IsCancellationRequested; i++)
            {
                var id = batch.Next()[0];
                if (_ends.Contains(id))
                {
                    break;
                }

                if (decoder.Add(id) is { Length: > 0 } piece)
                {
                    yield return piece;
                }
            }
        }
        finally
        {
            Cache?.End(batch.Seen);
        }

        if (decoder.Flush() is { Length: > 0 } rest)
        {
            yield return rest;
        }
    }

    private IReadOnlyList<int> Encode(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        if (Chat is not null)
        {
            return tokenizer.EncodeChat(prompt);
        }

        var ids = tokenizer.EncodePrompt(prompt);
        if (tokenizer.Before is [var begin, ..] && ids.Count > tokenizer.Before.Count && ids[tokenizer.Before.Count] == begin)
        {
            Warnings.Add(
                $"A prompt begins with the token '{tokenizer.TokenOf(begin)}', which the tokenizer puts in front by itself, "
                + "so that it stands there twice; leave it out of the prompt.");
        }

        return ids.Count > 0
            ? ids
            : throw new ConfigException(
                "The prompt is empty, and the tokenizer puts no begin token in front; give at least one character.");
    }

    /// <summary>How many tokens can be added to a prompt.</summary>
    private int Room(IReadOnlyList<int> prompt, GenerationConfig config) => prompt.Count < model.MaxPositions
        ? Math.Min(config.MaxNewTokens, model.MaxPositions - prompt.Count)
        : throw new ConfigException(
            $"The prompt has {prompt.Count} tokens, and the model was made for at most {model.MaxPositions}; shorten it.");

    /// <summary>The text that ids add to a prompt: decoded after it, since a first word's blank would be lost if it stood alone.</summary>
    private string Decode(IReadOnlyList<int> prompt, List<int> ids)
    {
        var decoder = tokenizer.CreateStreamingDecoder();
        decoder.Add(prompt);
        return decoder.Add(ids) + decoder.Flush();
    }
}

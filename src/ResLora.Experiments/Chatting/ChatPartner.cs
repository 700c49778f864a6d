using System.Text;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads.Generation;
using ResLora.Formats.Errors;
using ResLora.Tensors.NativeRuntime;
using ResLora.Text.Data.Chat;
using ResLora.Training;
using ResLora.Training.FineTuning;
using ResLora.Training.Generation;

namespace ResLora.Experiments.Chatting;

/// <summary>
/// A model that a conversation is held with. What was said is kept as keys and values, so that each turn computes its own tokens only. Not
/// safe for several threads.
/// </summary>
public sealed class ChatPartner : IDisposable
{
    // So much of the model's positions is kept free for an answer, where that many tokens are wanted.
    private const int AnswerShare = 4;

    private readonly ModelSession _session;
    private readonly ChatEncoder _chat;
    private readonly PromptCache _cache;
    private readonly TextGenerator _generator;
    private readonly List<ChatMessage> _messages = [];
    private bool _hasTold;

    private ChatPartner(ModelSession session, ChatOptions options)
    {
        _session = session;
        _chat = ModelChat.For(session, ChatChoice.Of(options.ChatTemplate, options.Adapter ?? options.Model));
        _cache = new PromptCache(session.Causal);
        _generator = new TextGenerator(session.Causal, session.Tokenizer) { Chat = _chat, Cache = _cache };
        (System, Generation, UsesAdapter) = (options.System, options.Generation, session.Adapter is not null);
    }

    /// <summary>How tokens are chosen.</summary>
    public GenerationConfig Generation { get; set; }

    /// <summary>Whether there is an adapter to be taken off and put on again.</summary>
    public bool HasAdapter => _session.Adapter is not null;

    /// <summary>Whether the adapter answers; else the model without it.</summary>
    public bool UsesAdapter { get; private set; }

    /// <summary>What the system says first; null for nothing. Setting it begins anew.</summary>
    public string? System
    {
        get;
        set
        {
            field = string.IsNullOrWhiteSpace(value) ? null : value;
            Reset();
        }
    }

    /// <summary>What has been said, the system's words first.</summary>
    public IReadOnlyList<ChatMessage> Messages => _messages;

    /// <summary>Where the chat template is from.</summary>
    public string TemplateName => _chat.TemplateName;

    /// <summary>How many tokens of the last prompt were not computed again.</summary>
    public int ReusedTokens => _cache.Reused;

    /// <summary>Opens a model.</summary>
    /// <param name="options">Which, and how it answers.</param>
    /// <returns>The partner, owned by the caller.</returns>
    /// <exception cref="ResLoraException">A file cannot be used, the model continues no texts, or it has no chat template.</exception>
    public static ChatPartner Open(ChatOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ConfigBinder.ThrowIfAny("The conversation's settings", [.. options.Problems()]);
        var type = ComputeType.Resolve(options.DataType, options.Model);
        var session = ModelSession.Load(options.Model, options.Adapter, ComputeType.Of(type), ComputeDevice.Current);
        try
        {
            return new ChatPartner(session, options);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Forgets what was said, but for the system's words.</summary>
    public void Reset()
    {
        _messages.Clear();
        if (System is { } text)
        {
            _messages.Add(ChatMessage.Of(ChatRoles.System, text));
        }
    }

    /// <summary>Takes the adapter off, or puts it on again; what was said stays.</summary>
    /// <param name="isOn">Whether it answers from now on.</param>
    /// <exception cref="ConfigException">There is none, or it has changed what cannot be changed back.</exception>
    public void UseAdapter(bool isOn)
    {
        var adapter = _session.Adapter ?? throw new ConfigException("There is no adapter; start with one (--adapter).");
        if (isOn == UsesAdapter)
        {
            return;
        }

        if (adapter.BesidesBlocks is { Count: > 0 } besides)
        {
            throw new ConfigException($"The adapter brings {string.Join(", ", besides)}, which are in the model's own weights and cannot be taken off; start without --adapter.");
        }

        if (isOn)
        {
            adapter.Restore();
        }
        else
        {
            adapter.Remove();
        }

        UsesAdapter = isOn;
        _cache.Clear();
    }

    /// <summary>Says something and gets the answer, piece by piece. What is said and answered is kept, a part of an answer too.</summary>
    /// <param name="text">What is said.</param>
    /// <param name="stop">Ends the answer after the token in hand.</param>
    /// <returns>The pieces.</returns>
    /// <exception cref="ResLoraException">The template refuses it, it is too long for the model, or the model's scores are no
    /// numbers.</exception>
    public IEnumerable<string> Say(string text, CancellationToken stop = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        return Answered(ChatMessage.Of(ChatRoles.User, text), stop);
    }

    /// <summary>Answers the last thing that was said once more, and puts that in the place of the answer before.</summary>
    /// <param name="stop">Ends the answer after the token in hand.</param>
    /// <returns>The pieces; none where nothing was said.</returns>
    /// <exception cref="ResLoraException">As for <see cref="Say"/>.</exception>
    public IEnumerable<string> SayAgain(CancellationToken stop = default)
    {
        if (_messages is not [.., { Role: ChatRoles.User } said, { IsAssistant: true }])
        {
            return [];
        }

        _messages.RemoveRange(_messages.Count - 2, 2);
        return Answered(said, stop);
    }

    /// <summary>Frees the model's memory.</summary>
    public void Dispose()
    {
        _cache.Dispose();
        _session.Dispose();
    }

    private IEnumerable<string> Answered(ChatMessage said, CancellationToken stop)
    {
        _messages.Add(said);
        var answer = new StringBuilder();
        var isKept = false;
        try
        {
            foreach (var piece in _generator.Stream(PromptWithRoom(), Generation, stop))
            {
                answer.Append(piece);
                yield return piece;
            }

            isKept = true;
        }
        finally
        {
            // What was refused was not said.
            if (isKept || answer.Length > 0)
            {
                _messages.Add(ChatMessage.Of(ChatRoles.Assistant, answer.ToString()));
            }
            else
            {
                _messages.Remove(said);
            }
        }
    }

    /// <summary>The conversation as the model reads it, without its oldest turns where there is no room for them.</summary>
    private string PromptWithRoom()
    {
        var positions = _session.Causal.MaxPositions;
        var most = positions - Math.Min(Generation.MaxNewTokens, positions / AnswerShare);
        while (true)
        {
            var conversation = new Conversation([.. _messages]) { Where = "The conversation" };
            var prompt = _chat.Ask(conversation);
            var count = _session.Tokenizer.EncodeChat(prompt).Count;
            if (count <= most)
            {
                return prompt;
            }

            var shorter = conversation.WithoutOldestTurn() ?? throw new ConfigException(
                $"What was said has {count} tokens, and the model takes {positions} with its answer; say it shorter.");
            _messages.Clear();
            _messages.AddRange(shorter.Messages);
            if (!_hasTold)
            {
                _hasTold = true;
                Warnings.Add(
                    $"The conversation has more than the model's {positions} tokens; its oldest turns are left out from now on.");
            }
        }
    }
}

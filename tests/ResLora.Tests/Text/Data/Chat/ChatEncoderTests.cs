using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Chat;
using Xunit;
using static ResLora.Tests.Text.Data.Chat.ChatFixtures;

namespace ResLora.Tests.Text.Data.Chat;

public sealed class ChatEncoderTests
{
    private const int Long = 10_000;

    [Fact]
    public void Encode_TwoTurns_TrainsEachWithItsEndAndNotTheLineFeed()
    {
        var sample = Assert.Single(Encoder(Plain).Encode(Turns("Hi", "Hello there", "Why?", "So."), Long).Samples);

        Assert.Equal(
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello there<|im_end|>\n"
            + "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\nSo.<|im_end|>\n",
            Written(sample.Ids));
        Assert.Equal(["Hello there<|im_end|>", "So.<|im_end|>"], Trained(sample));
    }

    [Theory]
    [InlineData(TrainOn.Last, new[] { "So.<|im_end|>" })]
    [InlineData(
        TrainOn.All,
        new[]
        {
            "user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n"
            + "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\nSo.<|im_end|>\n",
        })]
    public void Encode_OtherTokensToTrain_TrainsThose(TrainOn trainOn, string[] expected)
    {
        var sample = Assert.Single(Encoder(Plain, trainOn).Encode(Turns("Hi", "Hello", "Why?", "So."), Long).Samples);

        Assert.Equal(expected, Trained(sample));
    }

    [Fact]
    public void Encode_TemplateThatMarksAnswers_TrainsTheMarkedWithTheEndOfTheTurn()
    {
        var sample = Assert.Single(Encoder(Marked).Encode(Turns("Hi", "Hello", "Why?", "So."), Long).Samples);
        var last = Assert.Single(Encoder(Marked, TrainOn.Last).Encode(Turns("Hi", "Hello", "Why?", "So."), Long).Samples);

        Assert.Equal(["Hello<|im_end|>", "So.<|im_end|>"], Trained(sample));
        Assert.Equal(["So.<|im_end|>"], Trained(last));
    }

    [Fact]
    public void Encode_TemplateThatForgetsThoughts_GivesEachTurnASampleWithWhatTheModelReads()
    {
        var encoded = Encoder(Forgetful).Encode(Turns("Hi", "<think>a</think>Hello", "Why?", "<think>b</think>So."), Long);

        Assert.Equal(2, encoded.Samples.Count);
        Assert.Equal(
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>a</think>Hello<|im_end|>", Written(encoded.Samples[0].Ids));
        Assert.Equal(["<think>a</think>Hello<|im_end|>"], Trained(encoded.Samples[0]));
        Assert.Equal(["<think>b</think>So.<|im_end|>"], Trained(encoded.Samples[1]));
        Assert.DoesNotContain("<think>a", Written(encoded.Samples[1].Ids), StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_TemplateThatForgetsNothingHere_StaysOneSample()
    {
        Assert.Single(Encoder(Forgetful).Encode(Turns("Hi", "Hello", "Why?", "So."), Long).Samples);
    }

    [Fact]
    public void Encode_TemplateThatEndsWithATokenOfItsOwn_StaysOneSample()
    {
        const string template =
            "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}"
            + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% else %}{{ eos_token }}{% endif %}";

        var sample = Assert.Single(Encoder(template).Encode(Turns("Hi", "Hello", "Why?", "So."), Long).Samples);

        Assert.Equal(["Hello<|im_end|>", "So.<|im_end|>"], Trained(sample));
    }

    [Fact]
    public void Encode_TemplateWithoutAnEndOfTurn_SaysSo()
    {
        const string template =
            "{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}"
            + "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}";
        var warnings = new List<string>();
        using var listening = Warnings.Listen(warnings.Add);

        var sample = Assert.Single(Encoder(template).Encode(Turns("Hi", "Hello"), Long).Samples);

        Assert.Equal("Hello", Assert.Single(Trained(sample)).Trim());
        Assert.Contains("puts no token behind an answer", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_PromptForAnswersThatAnswersLack_IsSaid()
    {
        var template = Plain.Replace(
            "{{ '<|im_start|>assistant\\n' }}", "{{ '<|im_start|>assistant\\n<think>\\n' }}", StringComparison.Ordinal);
        var warnings = new List<string>();
        using var listening = Warnings.Listen(warnings.Add);

        var sample = Assert.Single(Encoder(template).Encode(Turns("Hi", "Hello"), Long).Samples);

        Assert.Equal(["Hello<|im_end|>"], Trained(sample));
        Assert.Contains("in front of an answer that it asks for", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_ALongConversation_LosesItsOldestTurnsAndKeepsTheSystem()
    {
        var conversation = Turns("First?", "One.", "Second?", "Two.", "Third?", "Three.");
        conversation = conversation with { Messages = [ChatMessage.Of("system", "Be brief."), .. conversation.Messages] };
        var encoder = Encoder(Plain);
        var whole = Assert.Single(encoder.Encode(conversation, Long).Samples);

        var cut = encoder.Encode(conversation, whole.Ids.Length - 1);
        var more = encoder.Encode(conversation, whole.Ids.Length / 2);
        var none = encoder.Encode(conversation, 8);

        Assert.Equal(ChatFit.Cut, cut.Fit);
        Assert.StartsWith(
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nSecond?", Written(cut.Samples[0].Ids), StringComparison.Ordinal);
        Assert.Equal(["Two.<|im_end|>", "Three.<|im_end|>"], Trained(cut.Samples[0]));
        Assert.Equal(["Three.<|im_end|>"], Trained(more.Samples[0]));
        Assert.Equal((ChatFit.TooLong, 0), (none.Fit, none.Samples.Count));
        Assert.Equal(more.Samples[0].Ids.Length, none.Shortest);
    }

    [Fact]
    public void Encode_NothingToLearn_IsUntrained()
    {
        Assert.Equal(ChatFit.Untrained, Encoder(Plain).Encode(Turns("Hi"), Long).Fit);
        Assert.Equal(ChatFit.Untrained, Encoder(Plain).Encode(Turns("Hi", " "), Long).Fit);
        Assert.Equal(ChatFit.Untrained, Encoder(Plain).Encode(Turns(), Long).Fit);
    }

    [Fact]
    public void Encode_BeginToken_StandsOnce()
    {
        var tokenizer = Make(addsBegin: true);

        var without = Assert.Single(Encoder(Plain, tokenizer: tokenizer).Encode(Turns("Hi", "Hello"), Long).Samples);
        var with = Assert.Single(Encoder("{{ bos_token }}" + Plain, tokenizer: tokenizer).Encode(Turns("Hi", "Hello"), Long).Samples);

        Assert.Equal(tokenizer.BeginId, without.Ids[0]);
        Assert.Equal(without.Ids, with.Ids);
        Assert.Equal(without.Labels, with.Labels);
    }

    [Fact]
    public void Ends_TokenOfTheTemplate_IsAmongThem()
    {
        Assert.Equal(["</s>", "<|im_end|>"], Encoder(Plain).Ends.Select(id => Tokenizer.TokenOf(id)));
    }

    [Fact]
    public void Encode_TemplateThatRefuses_NamesTheRow()
    {
        var conversation = Turns("Hi", "Hello") with { Where = "a.jsonl, line 3" };

        var error = Assert.Throws<FileFormatException>(() => Encoder("{{ raise_exception('Never!') }}" + Plain).Encode(conversation, Long));

        Assert.StartsWith("a.jsonl, line 3: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("Never!", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_ToolCallsThatTheTemplateLacks_AreRefusedAndToolsAreSaid()
    {
        var call = JsonSerializer.Deserialize<JsonElement>(
            """{"role":"assistant","content":"","tool_calls":[{"type":"function","function":{"name":"f","arguments":{}}}]}""");
        var tools = JsonSerializer.Deserialize<JsonElement>("""[{"name":"f"}]""");
        var conversation = new Conversation([ChatMessage.Of("user", "Hi"), new ChatMessage("assistant", call)])
        {
            Tools = tools,
            Where = "a.jsonl, line 3",
        };
        var writes = Plain.Replace(
            "+ m.content", "+ m.content + (m.tool_calls[0].function.name if m.tool_calls else '')", StringComparison.Ordinal);
        var warnings = new List<string>();
        using var listening = Warnings.Listen(warnings.Add);

        var error = Assert.Throws<FileFormatException>(() => Encoder(Plain).Encode(conversation, Long));
        var writing = Assert.Single(Encoder(writes).Encode(conversation, Long).Samples);

        Assert.Contains("a.jsonl, line 3: message 2 calls tools", error.Message, StringComparison.Ordinal);
        Assert.Equal(["f<|im_end|>"], Trained(writing));
        Assert.Contains("does not write tools", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void PromptOf_Conversation_EndsBeforeTheLastAnswer()
    {
        Assert.Equal(
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n"
            + "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n",
            Encoder(Plain).PromptOf(Turns("Hi", "Hello", "Why?", "So.")));
    }

    [Fact]
    public void ConversationOf_PromptAndCompletion_AreTwoTurns()
    {
        var asked = Encoder(Plain).ConversationOf(new Sample("### What? ###", " That.") { Asked = "What?" })!;

        Assert.Equal([("user", "What?"), ("assistant", "That.")], asked.Messages.Select(message => (message.Role, message.Text)));
        Assert.Null(Encoder(Plain).ConversationOf(new Sample("", "A text.")));
    }
}

using ResLora.Text.Data;
using ResLora.Text.Data.Chat;
using Xunit;
using static ResLora.Tests.Text.Data.Chat.ChatFixtures;

namespace ResLora.Tests.Text.Data.Chat;

public sealed class ShownSamplesTests
{
    private static readonly Sample _chat = new("", "") { Conversation = Turns("First?", "One.", "Second?", "Two.") };

    [Fact]
    public void Of_Conversation_MarksWhatIsTrained()
    {
        var shown = Assert.Single(Show(_chat, 10_000));

        Assert.Equal("One.<|im_end|>Two.<|im_end|>", TextOf(shown, TokenUse.Trained));
        Assert.Equal(0, shown.Count(TokenUse.Cut));
        Assert.StartsWith("<|im_start|>user\nFirst?", string.Concat(shown.Tokens.Select(token => token.Text)), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_ConversationThatIsCut_ShowsWhatIsCutInItsPlace()
    {
        var whole = Assert.Single(Show(_chat, 10_000));

        var shown = Assert.Single(Show(_chat, whole.Tokens.Count - 1));

        Assert.Equal(whole.Tokens.Select(token => token.Id), shown.Tokens.Select(token => token.Id));
        Assert.Equal("Two.<|im_end|>", TextOf(shown, TokenUse.Trained));
        Assert.Contains("One.", TextOf(shown, TokenUse.Cut), StringComparison.Ordinal);
        Assert.DoesNotContain("Second?", TextOf(shown, TokenUse.Cut), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_WhatDoesNotFit_IsAllCutAndSaysWhy()
    {
        var shown = Assert.Single(Show(_chat, 5));

        Assert.Equal(shown.Tokens.Count, shown.Count(TokenUse.Cut));
        Assert.Equal($"its {shown.Tokens.Count} tokens are more than 5", shown.LeftOut);
    }

    [Fact]
    public void Of_PlainSample_MarksTheCompletion()
    {
        var shown = ShownSamples.Of(
            [new Sample("a cat", " sat")],
            new SampleTokenizer(text => Tokenizer.Encode(text, false), [], Tokenizer.EndId!.Value),
            Tokenizer,
            512);

        Assert.Equal(" sat</s>", TextOf(Assert.Single(shown), TokenUse.Trained));
    }

    [Fact]
    public void Of_TemplateThatForgets_ShowsEveryPart()
    {
        var sample = new Sample("", "") { Conversation = Turns("Hi", "<think>a</think>Hello", "Why?", "So.") };

        var shown = Show(sample, 10_000, Forgetful);

        Assert.Equal([(1, 1, 2), (1, 2, 2)], shown.Select(part => (part.Sample, part.Part, part.Parts)));
    }

    private static string TextOf(ShownSample shown, TokenUse use) =>
        string.Concat(shown.Tokens.Where(token => token.Use == use).Select(token => token.Text));

    private static IReadOnlyList<ShownSample> Show(Sample sample, int maxLength, string template = Plain) => ShownSamples.Of(
        [sample],
        new SampleTokenizer(
            text => Tokenizer.Encode(text, false),
            [],
            Tokenizer.EndId!.Value,
            new SampleTokenizerOptions { MaxLength = maxLength })
        { Chat = Encoder(template) },
        Tokenizer,
        maxLength);
}

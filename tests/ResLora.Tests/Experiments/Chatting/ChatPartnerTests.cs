using ResLora.Experiments.Chatting;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Training.Generation;
using Xunit;

namespace ResLora.Tests.Experiments.Chatting;

public sealed class ChatPartnerTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    private const string Template =
        "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Say_Twice_KeepsBothTurnsAndComputesTheSecondOnly()
    {
        using var partner = Open();

        var first = string.Concat(partner.Say("a cat", Stop));
        var second = string.Concat(partner.Say("a dog", Stop));

        Assert.Equal(["user", "assistant", "user", "assistant"], partner.Messages.Select(message => message.Role));
        Assert.Equal(["a cat", first, "a dog", second], partner.Messages.Select(message => message.Text));
        Assert.True(partner.ReusedTokens > 0);
    }

    [Fact]
    public void Say_AfterReset_AnswersAsAtTheStart()
    {
        using var partner = Open();
        partner.System = "be brief";
        var first = string.Concat(partner.Say("a cat", Stop));

        partner.Reset();

        Assert.Equal("be brief", Assert.Single(partner.Messages).Text);
        Assert.Equal(first, string.Concat(partner.Say("a cat", Stop)));
    }

    [Fact]
    public void SayAgain_TakesThePlaceOfTheLastAnswer()
    {
        using var partner = Open();
        var first = string.Concat(partner.Say("a cat", Stop));

        var again = string.Concat(partner.SayAgain(Stop));

        Assert.Equal(first, again);
        Assert.Equal(2, partner.Messages.Count);
    }

    [Fact]
    public void UseAdapter_Off_AnswersAsTheModelAloneAndOnAsBefore()
    {
        var adapter = new RunFolder(TrainJob.Run(world.Run("chatting"), stop: Stop).RunFolder).Best;
        using var alone = Open();
        using var tuned = Open(adapter);
        var withIt = string.Concat(tuned.Say("a cat", Stop));

        tuned.UseAdapter(isOn: false);
        var without = string.Concat(tuned.SayAgain(Stop));
        tuned.UseAdapter(isOn: true);

        Assert.Equal(string.Concat(alone.Say("a cat", Stop)), without);
        Assert.NotEqual(without, withIt);
        Assert.Equal(withIt, string.Concat(tuned.SayAgain(Stop)));
    }

    [Fact]
    public void Say_MoreThanTheModelTakes_LeavesTheOldestTurnsOut()
    {
        using var partner = Open();
        partner.System = "be brief";

        for (var turn = 0; turn < 12; turn++)
        {
            _ = string.Concat(partner.Say($"turn {turn} the cat sat on the mat", Stop));
        }

        Assert.Equal("be brief", partner.Messages[0].Text);
        Assert.Equal("user", partner.Messages[1].Role);
        Assert.NotEqual("turn 0 the cat sat on the mat", partner.Messages[1].Text);
    }

    [Fact]
    public void Say_OneTurnThatIsTooLong_IsRefusedAndNotKept()
    {
        using var partner = Open();

        var error = Assert.Throws<ConfigException>(() => string.Concat(partner.Say(new string('a', 5000), Stop)));

        Assert.Contains("say it shorter", error.Message, StringComparison.Ordinal);
        Assert.Empty(partner.Messages);
    }

    [Fact]
    public void UseAdapter_WithoutOne_IsRefused()
    {
        using var partner = Open();

        Assert.Throws<ConfigException>(() => partner.UseAdapter(isOn: false));
    }

    private ChatPartner Open(string? adapter = null) => ChatPartner.Open(new ChatOptions
    {
        Model = world.Model,
        Adapter = adapter,
        ChatTemplate = world.Folder.Write("chat.jinja", Template),
        Generation = new GenerationConfig { MaxNewTokens = 8 },
    });
}

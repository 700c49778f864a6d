using System.Reflection;
using ResLora.Formats.Errors;
using ResLora.Training.Distributed;
using Xunit;

namespace ResLora.Tests.Training.Distributed;

public sealed class RollCallTests
{
    [Fact]
    public void Require_OtherSettingOnOneRank_NamesItAndBothValues()
    {
        var errors = ThreadRanks.Run(2, ranks => Record.Exception(
            () => RollCall.Require(ranks, new Dictionary<string, string> { ["rate"] = ranks.Rank == 0 ? "0.1" : "0.2", ["seed"] = "7" })));

        var message = Assert.IsType<ConfigException>(errors[1]).Message;
        Assert.Contains("rate (0.1 on rank 0, 0.2 here) differ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_OtherBuildOfTheSameVersion_IsRefused()
    {
        const string other = "0.0.0+another-commit";
        var error = ThreadRanks.Run(2, ranks =>
        {
            if (ranks.Rank == 0)
            {
                ranks.BroadcastJson(new Dictionary<string, string> { ["reslora's version"] = other });
                return null;
            }

            return Record.Exception(() => RollCall.Require(ranks, new Dictionary<string, string>()));
        })[1];

        var message = Assert.IsType<ConfigException>(error).Message;
        var here = typeof(RollCall).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        Assert.Contains($"reslora's version ({other} on rank 0, {here} here) differ", message, StringComparison.Ordinal);
    }
}

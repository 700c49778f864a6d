using System.Text;
using ResLora.EndToEnd.Tests.Support;
using Xunit;

namespace ResLora.EndToEnd.Tests;

public sealed class WarningTests
{
    [Fact]
    public void Run_KeyThatIsNotKnown_IsOnStandardErrorOnceAndTheResultOnStandardOutput()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["adapter"]);
        File.WriteAllText(
            Path.Combine(folder["adapter"], "adapter_config.json"),
            """{ "peft_type": "LORA", "r": 1, "lora_alpha": 1, "target_modules": ["q"], "some_new_key": true }""");
        var header = Encoding.UTF8.GetBytes("""{"base_model.model.q.lora_A.weight":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}""");
        File.WriteAllBytes(
            Path.Combine(folder["adapter"], "adapter_model.safetensors"),
            [.. BitConverter.GetBytes((long)header.Length), .. header, 0, 0, 0, 0]);

        var result = InProcess.Run("inspect", folder["adapter"], "--json");

        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith("warning: ", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Split("'some_new_key'").Skip(1));
        Assert.StartsWith("{", result.Output, StringComparison.Ordinal);
    }
}

using ResLora.Experiments.Exporting;
using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Experiments.Exporting;

public sealed class ExportTargetsTests
{
    [Theory]
    [InlineData("gguf", "'llama.cpp'")]
    [InlineData("GGUF", "'llama.cpp'")]
    [InlineData("llamacpp", "'llama.cpp'")]
    [InlineData("lora", "'peft'")]
    [InlineData("peft-lora", "'peft'")]
    [InlineData("safetensors", "'hf'")]
    [InlineData("mlx", "'hf'")]
    [InlineData("kohya", "'a1111' writes the LoRA file")]
    [InlineData("olama", "ollama")]
    public void Get_ANameThatPeopleTry_SaysWhatToTake(string name, string hint)
    {
        var error = Assert.Throws<ConfigException>(() => ExportTargets.Get(name));

        Assert.Contains(hint, error.Message.Split(").", 2)[1], StringComparison.Ordinal);
    }
}

using ResLora.Formats;
using Xunit;

namespace ResLora.Tests.Formats;

public sealed class LayerRoleTests
{
    [Theory]
    [InlineData("model.layers.3.self_attn.q_proj", 3)]
    [InlineData("down_blocks.12.attentions.1.to_out.0", 12)]
    [InlineData("lm_head", null)]
    public void NumberOf_AName_IsItsFirstNumber(string name, int? expected) => Assert.Equal(expected, LayerRole.NumberOf(name));
}

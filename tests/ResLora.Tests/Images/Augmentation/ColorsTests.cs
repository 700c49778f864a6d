using System.Security.Cryptography;
using ResLora.Images;
using ResLora.Images.Augmentation;
using Xunit;

namespace ResLora.Tests.Images.Augmentation;

/// <summary>The bytes are Pillow 13.0's: ImageEnhance, ImageOps, rotate and transform on the same pictures.</summary>
public sealed class ColorsTests
{
    private static readonly PixelImage _picture = new(4, 5, [.. Enumerable.Range(0, 60).Select(i => (byte)((i * 37) + (i * i * 11)))]);
    private static readonly PixelImage _narrow = new(4, 5, [.. _picture.Bytes.Select(value => (byte)(60 + (value / 3)))]);
    private static readonly PixelImage _large = new(24, 32, [.. Enumerable.Range(0, 24 * 32 * 3).Select(i => (byte)((((i * 7) + (i * i)) % 97) + 40))]);

    private static readonly Dictionary<string, Func<PixelImage>> _steps = new()
    {
        ["darker"] = () => Colors.Brightness(_picture, 0.55),
        ["brighter"] = () => Colors.Brightness(_picture, 1.45),
        ["less contrast"] = () => Colors.Contrast(_picture, 0.55),
        ["more contrast"] = () => Colors.Contrast(_picture, 1.45),
        ["paler"] = () => Colors.Saturation(_picture, 0.55),
        ["more colourful"] = () => Colors.Saturation(_picture, 1.45),
        ["gray"] = () => Colors.Gray(_picture),
        ["softer"] = () => Colors.Sharpness(_picture, 0.55),
        ["sharper"] = () => Colors.Sharpness(_picture, 1.45),
        ["posterized"] = () => Colors.Posterize(_picture, 5),
        ["solarized"] = () => Colors.Solarize(_picture, 170),
        ["spread"] = () => Colors.AutoContrast(_narrow),
        ["turned"] = () => Warps.Rotated(_picture, 30),
        ["sheared"] = () => Warps.Affine(_picture, 1, 0.3, 0, 0, 1, 0),
        ["moved"] = () => Warps.Affine(_picture, 1, 0, -2, 0, 1, 0),
        ["left and right"] = () => Flips.Horizontal(_picture),
        ["top and bottom"] = () => Flips.Vertical(_picture),
    };

    [Theory]
    [InlineData("darker", "001a407325703a107f6e686f81133e752c7b49240b8a89071e42711f672e016c584f52617d184b8b4a167a5d4d48506484235b1263320e827676820e")]
    [InlineData("brighter", "0045abff62ff992bffffffffff34a5ff74ffc25f1dffff1451aeff54ff7902ffe8d0d9ffff3fc8ffc53afff6cbbfd3ffff5cf031ff8525ffffffff25")]
    [InlineData("less contrast", "3d587eb163ad774ebdaba6acbf517cb369b8876148c8c7455c7fae5da56b3eaa958c909fbb5589c98853b79b8a868da1c1609850a0704bc0b4b4c04b")]
    [InlineData("more contrast", "00076df224ea5c00ffe4d5e7ff0067f836ff842200ffff001370ed16d23c00e1aa939bc4ff028aff8700ffb88d8196caff1fb300c74700fffbfbff00")]
    [InlineData("paler", "122d53ac5ea85c32a1c5bfc6b1436db269b86e482fefee6c5073a35da56b3da9949396a5ae497dd3925eccaf9e8a92a5bd5c944b9b6b5bd0c4d3e06b")]
    [InlineData("more colourful", "003298f729ef7709ffcabccdff0476f936ff9d3b00ffff001f7cf816d23c00e2ab8c95beff0e96ff7d00f0a4797d92c6ff23b700cc4c00ffebdcfb00")]
    [InlineData("gray", "2a2a2a7e7e7e4c4c4cc2c2c2696969888888515151e0e0e06f6f6f8989898787879797976e6e6ea0a0a0b6b6b69292928080807e7e7eacacaccfcfcf")]
    [InlineData("softer", "003076d244cc6a1ee8c8becaec2472d650e0884d3ae4d0345e7ab63abc5402c6a09290a3cc4984dd933cdeaa8c8492b6f040a622b45c1aeed8d8ee1a")]
    [InlineData("sharper", "003076d244cc6a1ee8c8becaec2472d650e0833600ffff001175e53abc5402c6a08d9bc0fb0e8fff7c13deaa8c8492b6f040a622b45c1aeed8d8ee1a")]
    [InlineData("posterized", "003070d040c86818e8c8b8c8e82070d050e0804010f8f8083878c838b85000c0a09090b0e02888f88828d8a8888090b0f040a020b05818e8d8d8e818")]
    [InlineData("solarized", "0030762d44336a1e1737413513247229501f86421403050e3878313a43540239a090964d1b2c8a01882821558c8492490f40a6224b5c1a112727111a")]
    [InlineData("spread", "00147ad429df6a00ffc8b9dcec0676d737f4852906feff003668df39b55300c3ab918bc0e60d92fe7a1fe0a0928584c3f226b221ae5a18f1eddaf10d")]
    [InlineData("turned", "0000006a1ee8c8beca3abc543abc54d244cc864214fcfa0efe8828deaa8cd650e0864214e42c8afe88281aeed802c6a002c6a0f040a622b45c000000")]
    [InlineData("sheared", "003076d244cc6a1ee8c8becaec2472d650e0864214fcfa0e3878ce3abc549096b2e42c8afe8828deaa8c000000f040a622b45c1aeed8d8ee1a000000")]
    [InlineData("moved", "000000000000003076d244cc6a1ee8000000000000d650e0864214fcfa0e00000000000002c6a09096b2e42c8a0000000000008492b6f040a622b45c")]
    [InlineData("left and right", "ec2472c8beca6a1ee8d244cc0030763abc543878cefcfa0e864214d650e0deaa8cfe8828e42c8a9096b202c6a0d8ee1a1aeed822b45cf040a68492b6")]
    [InlineData("top and bottom", "8492b6f040a622b45c1aeed8d8ee1a02c6a09096b2e42c8afe8828deaa8cd650e0864214fcfa0e3878ce3abc54003076d244cc6a1ee8c8becaec2472")]
    public void Step_OfASmallPicture_HasPillowsBytes(string step, string bytes) => Assert.Equal(bytes, Convert.ToHexStringLower(_steps[step]().Bytes));

    [Fact]
    public void AutoContrastAndEqualize_OfALargerPicture_HavePillowsBytes()
    {
        Assert.Equal("68d4ea7fc07e4e11268cd3606809a57d65cf48ce363f0e2c88c3a492aef5ecc9", Digest(Colors.Equalize(_large)));
        Assert.Equal("e888db6274ef02a27cd9fcc94e4f76aafdceeeefcc7c25438b3d4fd6285ab2e2", Digest(Colors.AutoContrast(_large)));
        Assert.Equal(_picture.Bytes, Colors.Equalize(_picture).Bytes);   // too few pixels for a step
    }

    [Fact]
    public void Hue_TurnedByThirds_MovesRedToGreenToBlueAndBack()
    {
        var picture = new PixelImage(1, 2, [200, 20, 20, 90, 90, 90]);

        Assert.Equal([20, 200, 20, 90, 90, 90], Colors.Hue(picture, 1.0 / 3).Bytes);
        Assert.Equal([20, 20, 200, 90, 90, 90], Colors.Hue(picture, -1.0 / 3).Bytes);
        Assert.Equal(_picture.Bytes, Colors.Hue(_picture, 0).Bytes);
    }

    private static string Digest(PixelImage picture) => Convert.ToHexStringLower(SHA256.HashData(picture.Bytes));
}

using System.Security.Cryptography;
using ResLora.Images;
using ResLora.Images.Augmentation;
using ResLora.Images.Decoding;
using Xunit;

namespace ResLora.Tests.Images.Augmentation;

/// <summary>The bytes are Pillow 13.0's: ImageEnhance, ImageOps, rotate and transform on the same pictures.</summary>
public sealed class ColorsTests
{
    private static readonly PixelImage _picture = new(4, 5, [.. Enumerable.Range(0, 60).Select(i => (byte)((i * 37) + (i * i * 11)))]);
    private static readonly PixelImage _narrow = new(4, 5, [.. _picture.Bytes.Select(value => (byte)(60 + (value / 3)))]);

    private static readonly PixelImage _large =
        new(24, 32, [.. Enumerable.Range(0, 24 * 32 * 3).Select(i => (byte)((((i * 7) + (i * i)) % 97) + 40))]);

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
        ["left and right"] = () => Orientation.Apply(_picture, Orientation.LeftRight),
        ["top and bottom"] = () => Orientation.Apply(_picture, Orientation.TopBottom),
    };

    [Theory]
    [InlineData("darker", "ABpAcyVwOhB/bmhvgRM+dSx7SSQLiokHHkJxH2cuAWxYT1JhfRhLi0oWel1NSFBkhCNbEmMyDoJ2doIO")]
    [InlineData("brighter", "AEWr/2L/mSv//////zSl/3T/wl8d//8UUa7/VP95Av/o0Nn//z/I/8U6//bLv9P//1zwMf+FJf////8l")]
    [InlineData("less contrast", "PVh+sWOtd069q6asv1F8s2m4h2FIyMdFXH+uXaVrPqqVjJCfu1WJyYhTt5uKho2hwWCYUKBwS8C0tMBL")]
    [InlineData("more contrast", "AAdt8iTqXAD/5NXn/wBn+Db/hCIA//8AE3DtFtI8AOGqk5vE/wKK/4cA/7iNgZbK/x+zAMdHAP/7+/8A")]
    [InlineData("paler", "Ei1TrF6oXDKhxb/GsUNtsmm4bkgv7+5sUHOjXaVrPamUk5alrkl905JezK+eipKlvVyUS5trW9DE0+Br")]
    [InlineData("more colourful", "ADKY9ynvdwn/yrzN/wR2+Tb/nTsA//8AH3z4FtI8AOKrjJW+/w6W/30A8KR5fZLG/yO3AMxMAP/r3PsA")]
    [InlineData("gray", "Kioqfn5+TExMwsLCaWlpiIiIUVFR4ODgb29viYmJh4eHl5eXbm5uoKCgtra2kpKSgICAfn5+rKysz8/P")]
    [InlineData("softer", "ADB20kTMah7oyL7K7CRy1lDgiE065NA0Xnq2OrxUAsagkpCjzEmE3ZM83qqMhJK28ECmIrRcGu7Y2O4a")]
    [InlineData("sharper", "ADB20kTMah7oyL7K7CRy1lDggzYA//8AEXXlOrxUAsagjZvA+w6P/3wT3qqMhJK28ECmIrRcGu7Y2O4a")]
    [InlineData("posterized", "ADBw0EDIaBjoyLjI6CBw0FDggEAQ+PgIOHjIOLhQAMCgkJCw4CiI+Igo2KiIgJCw8ECgILBYGOjY2OgY")]
    [InlineData("solarized", "ADB2LUQzah4XN0E1EyRyKVAfhkIUAwUOOHgxOkNUAjmgkJZNGyyKAYgoIVWMhJJJD0CmIktcGhEnJxEa")]
    [InlineData("spread", "ABR61CnfagD/yLnc7AZ21zf0hSkG/v8ANmjfObVTAMOrkYvA5g2S/nof4KCShYTD8iayIa5aGPHt2vEN")]
    [InlineData("turned", "AAAAah7oyL7KOrxUOrxU0kTMhkIU/PoO/ogo3qqM1lDghkIU5CyK/ogoGu7YAsagAsag8ECmIrRcAAAA")]
    [InlineData("sheared", "ADB20kTMah7oyL7K7CRy1lDghkIU/PoOOHjOOrxUkJay5CyK/ogo3qqMAAAA8ECmIrRcGu7Y2O4aAAAA")]
    [InlineData("moved", "AAAAAAAAADB20kTMah7oAAAAAAAA1lDghkIU/PoOAAAAAAAAAsagkJay5CyKAAAAAAAAhJK28ECmIrRc")]
    [InlineData("left and right", "7CRyyL7Kah7o0kTMADB2OrxUOHjO/PoOhkIU1lDg3qqM/ogo5CyKkJayAsag2O4aGu7YIrRc8ECmhJK2")]
    [InlineData("top and bottom", "hJK28ECmIrRcGu7Y2O4aAsagkJay5CyK/ogo3qqM1lDghkIU/PoOOHjOOrxUADB20kTMah7oyL7K7CRy")]
    public void Step_OfASmallPicture_HasPillowsBytes(string step, string base64) =>
        Assert.Equal(Convert.FromBase64String(base64), _steps[step]().Bytes);

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
